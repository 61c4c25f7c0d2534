SELECT id FROM mcp_connectors
WHERE ($1::text IS NULL OR strpos(search_text COLLATE "C", (SELECT lower($1))) > 0)
  AND ($2::text IS NULL OR mode = $2)
  AND ($3::text IS NULL OR changes = $3)
  AND ($4::bigint IS NULL OR number < $4)
ORDER BY number DESC LIMIT $5
