//! The random keys that `SECRET_KEY` wraps, kept in the store. Losing them makes every digest worthless, so they are
//! never made anew where some exist.

use crypto::{CryptoError, Pepper, SecretBox};
use kernel::{SecretString, Timestamp};
use sea_orm::{ConnectionTrait, Statement};
use store::Store;

use crate::error::IdentityError;
use crate::store::hex;

const PEPPER: &str = "pepper";

fn place(name: &str) -> String {
    format!("wrapped_keys.sealed/{name}")
}

/// The pepper of this store: unwrapped, or made where there is none yet. Call it under the lock of the first start.
pub(crate) async fn pepper<C: ConnectionTrait>(
    conn: &C,
    wrapping: &SecretBox,
    now: Timestamp,
) -> Result<Pepper, IdentityError> {
    let backend = conn.get_database_backend();
    let find = Statement::from_sql_and_values(
        backend,
        "SELECT sealed FROM wrapped_keys WHERE name = $1",
        [PEPPER.into()],
    );
    if let Some(row) = conn.query_one_raw(find).await? {
        let sealed: String = row.try_get_by_index(0)?;
        return unwrap(wrapping, PEPPER, &sealed);
    }
    let key = SecretBox::random_key();
    let sealed = wrapping.seal(&place(PEPPER), &key)?;
    let insert = Statement::from_sql_and_values(
        backend,
        "INSERT INTO wrapped_keys (name, sealed, created_at) VALUES ($1, $2, $3)",
        [
            PEPPER.into(),
            hex::encode(&sealed).into(),
            now.micros().into(),
        ],
    );
    conn.execute_raw(insert).await?;
    Ok(Pepper::new(&key))
}

fn unwrap(wrapping: &SecretBox, name: &str, sealed: &str) -> Result<Pepper, IdentityError> {
    let sealed = hex::decode(sealed).ok_or(IdentityError::Keyring(CryptoError::Damaged))?;
    let key = wrapping
        .open(&place(name), &sealed)
        .map_err(IdentityError::Keyring)?;
    let key = <&[u8; 32]>::try_from(key.as_slice())
        .map_err(|_| IdentityError::Keyring(CryptoError::Damaged))?;
    Ok(Pepper::new(key))
}

/// Wraps every key of the store with another secret, all or none; gives their number. Run it while nothing else does.
pub async fn rewrap(
    store: &Store,
    old: &SecretString,
    new: &SecretString,
) -> Result<usize, IdentityError> {
    let (old, new) = (SecretBox::of_secret(old)?, SecretBox::of_secret(new)?);
    let transaction = store.begin().await?;
    let backend = transaction.get_database_backend();
    let all = Statement::from_string(backend, "SELECT name, sealed FROM wrapped_keys");
    let rows = transaction.query_all_raw(all).await?;
    for row in &rows {
        let name: String = row.try_get_by_index(0)?;
        let sealed: String = row.try_get_by_index(1)?;
        let sealed = hex::decode(&sealed).ok_or(IdentityError::Keyring(CryptoError::Damaged))?;
        let sealed = old
            .rewrap(&place(&name), &sealed, &new)
            .map_err(IdentityError::Keyring)?;
        let update = Statement::from_sql_and_values(
            backend,
            "UPDATE wrapped_keys SET sealed = $1 WHERE name = $2",
            [hex::encode(&sealed).into(), name.into()],
        );
        transaction.execute_raw(update).await?;
    }
    transaction.commit().await?;
    Ok(rows.len())
}
