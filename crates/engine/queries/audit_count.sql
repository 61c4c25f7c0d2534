SELECT count(*) FROM (
SELECT FROM audit_events e
LEFT JOIN audit_identities actor ON actor.seq = e.seq AND actor.part = 'actor'
LEFT JOIN audit_identities person ON person.seq = e.seq AND person.part = 'subject'
WHERE ($1::uuid IS NULL OR e.actor_id = $1)
  AND ($2::text IS NULL OR actor.email ILIKE $2)
  AND ($3::text IS NULL OR e.action = $3 OR starts_with(e.action, $3 || '.'))
  AND ($4::text IS NULL OR e.subject_type = $4)
  AND ($5::uuid IS NULL OR e.subject_id = $5)
  AND ($6::text IS NULL OR e.subject_name ILIKE $6 OR person.email ILIKE $6)
  AND ($7::text IS NULL OR e.door = $7)
  AND ($8::timestamptz IS NULL OR e.at >= $8)
  AND ($9::timestamptz IS NULL OR e.at < $9)
LIMIT $10) matching
