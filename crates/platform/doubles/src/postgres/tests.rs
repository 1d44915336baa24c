//! Tests of the private server; they need PostgreSQL installed.

use super::*;

#[test]
fn the_database_of_a_url_is_replaced_and_nothing_else() {
    assert_eq!(
        with_database("postgres://u:p@h:5/postgres?sslmode=disable", "x"),
        "postgres://u:p@h:5/x?sslmode=disable"
    );
    assert_eq!(with_database("postgres://u@h:5", "x"), "postgres://u@h:5/x");
}

#[tokio::test]
async fn a_private_server_keeps_its_data_over_a_stop() {
    if !available() {
        return;
    }
    let server = Postgres::private().await.unwrap();
    let url = server.database().await;
    let write = "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)";
    server.binaries.psql(&url, write).await.unwrap();
    let another = server.database().await;
    assert_ne!(url, another);
    let read = "SELECT 1 / count(*) FROM kept";
    assert!(server.binaries.psql(&another, read).await.is_err());

    server.stop().await;
    assert!(server.binaries.psql(&url, read).await.is_err());
    server.start().await;
    server.binaries.psql(&url, read).await.unwrap();

    let home = server.private.as_ref().unwrap().home.path().to_owned();
    drop(server);
    assert!(!home.exists());
}
