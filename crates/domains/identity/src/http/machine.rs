//! The routes' own bodies for the command line on the machine itself, which acts without a key.

use std::time::Duration;

use kernel::{Cursor, KeyId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body::{ChangedKey, NewKeyBody};
use super::view::{KeyView, MadeKeyView, RotatedKeyView};
use crate::error::IdentityError;
use crate::service::{Identity, KeyQuery};

const PAGE: usize = 200;

impl Identity {
    /// What `POST /v1/keys` does, body and answer alike.
    pub async fn machine_create(&self, fields: Value) -> Result<Value, IdentityError> {
        let body: NewKeyBody = read(&fields)?;
        let made = self.create(&self.machine(), body.into()).await?;
        json(&MadeKeyView::of(&made, self))
    }

    /// What `GET /v1/keys` answers.
    pub async fn machine_list(
        &self,
        revoked: bool,
        cursor: Option<&str>,
    ) -> Result<Value, IdentityError> {
        let query = KeyQuery {
            project: None,
            revoked,
            cursor: cursor.map(|text| Cursor(text.to_owned())),
            limit: PAGE,
        };
        let page = self.list(&self.machine(), &query).await?;
        json(&page.map(|key| KeyView::of(&key, self)))
    }

    /// What `GET /v1/keys/{id}` answers. Limits stand as if nothing was asked: only a server that runs counts them.
    pub async fn machine_show(&self, id: KeyId) -> Result<Value, IdentityError> {
        let key = self.get(&self.machine(), id).await?;
        let view = KeyView::of(&key, self);
        // What it is and may do is worth showing also where what it has spent cannot be read now.
        match self.state(&key).await {
            Ok(used) => json(&view.with_use(&used)),
            Err(_) => json(&view),
        }
    }

    /// What `PATCH /v1/keys/{id}` does, body and answer alike.
    pub async fn machine_change(&self, id: KeyId, fields: &Value) -> Result<Value, IdentityError> {
        let body: ChangedKey = read(fields)?;
        let key = self.update(&self.machine(), id, body.into()).await?;
        json(&KeyView::of(&key, self))
    }

    /// What `POST /v1/keys/{id}/rotate` answers.
    pub async fn machine_rotate(
        &self,
        id: KeyId,
        overlap: Duration,
    ) -> Result<Value, IdentityError> {
        let rotated = self.rotate(&self.machine(), id, overlap).await?;
        json(&RotatedKeyView::of(&rotated, self))
    }

    /// What `DELETE /v1/keys/{id}` does.
    pub async fn machine_revoke(&self, id: KeyId) -> Result<(), IdentityError> {
        self.revoke(&self.machine(), id).await.map(|_| ())
    }
}

/// Reads a body as the route does, so that a mistake in it is told in the same words and under its field.
fn read<T: DeserializeOwned>(fields: &Value) -> Result<T, IdentityError> {
    let tree = ::config::tree::from_json(fields.to_string().as_bytes())
        .map_err(|fault| IdentityError::field("body", fault.to_string()))?;
    ::config::reader::read(&tree).map_err(|mistake| {
        let field = mistake.field();
        let named = if field.is_empty() {
            "body"
        } else {
            field.as_str()
        };
        IdentityError::field(named, mistake.message())
    })
}

fn json<T: serde::Serialize>(view: &T) -> Result<Value, IdentityError> {
    serde_json::to_value(view).map_err(|error| IdentityError::field("answer", error.to_string()))
}
