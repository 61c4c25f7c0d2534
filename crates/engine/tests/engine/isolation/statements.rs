//! Each statement by itself: one that serves a user's request and touches what users own says whose.
//!
//! What a request can reach is tested in [`super::opened`]; this finds the statement behind a check that another one made,
//! and the one that somebody adds.

use super::owned_tables;
use crate::engine;
use sqlx::PgPool;
use std::{fs, path::Path};

/// Their transactions are the worker's: export and import are for everybody's.
const FOR_ALL: [&str; 2] = ["transfer.rs", "transfer_servers.rs"];

/// The statements that a user's transaction can run, of a file's.
fn statements(source: &str) -> Vec<&str> {
    let blocks = source.split("\nimpl Tx {\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("\n}\n").next().unwrap());
    // The first literal of each macro's.
    let literals = blocks.flat_map(|block| {
        block.split("sqlx::query").skip(1).filter_map(|call| {
            let (raw, plain) = (call.find("r#\""), call.find('"'));
            match (raw, plain) {
                (Some(raw), Some(plain)) if raw < plain => call[raw + 3..].split("\"#").next(),
                (_, Some(plain)) => call[plain + 1..].split('"').next(),
                _ => None,
            }
        })
    });
    literals.collect()
}

#[sqlx::test(migrations = false)]
async fn every_statement_of_a_users_transaction_says_whose_rows_it_means(pool: PgPool) {
    engine(&pool).await;
    let tables: Vec<String> = owned_tables(&pool).await.into_iter().map(|owned| owned.table).collect();
    let storage = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let mut looked_at = 0;
    for file in fs::read_dir(storage).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if FOR_ALL.contains(&name) {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for statement in statements(&source) {
            let words = statement.split(|c: char| !c.is_alphanumeric() && c != '_');
            let named = words.filter(|word| tables.iter().any(|table| table == word)).count();
            if named > 0 {
                looked_at += 1;
                // What is only put in has its owner among its values.
                let puts = statement.starts_with("INSERT INTO") && statement.contains("user_id") && named == 1;
                let says = ["user_id = $", "user_id = EXCLUDED.user_id"];
                let says = says.iter().any(|rule| statement.contains(rule));
                assert!(puts || says, "in {name}: {statement}");
            }
        }
    }
    assert!(looked_at >= 40, "only {looked_at} statements were found");
}
