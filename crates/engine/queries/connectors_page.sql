SELECT id, number, name, description, url, version, mode, secret IS NOT NULL AS "has_secret!", secret_header,
       (SELECT sha256 FROM connector_logos WHERE connector_id = mcp_connectors.id) AS logo_sha256,
       tools_count, templates_count, definitions_version, changes, created_at, updated_at
FROM unnest($1::uuid[]) WITH ORDINALITY AS page (wanted, position)
JOIN mcp_connectors ON mcp_connectors.id = page.wanted
ORDER BY page.position
