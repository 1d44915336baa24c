//! The rules that a new or changed key must keep, each with the field at fault and the remedy.

use std::collections::BTreeMap;

use guard::BudgetSpec;
use guard::budget::MAX_BUDGETS;
use kernel::{Scopes, Timestamp};

use super::{KeyChange, NewKey, default_scopes};
use crate::error::IdentityError;

const MAX_NAME_CHARS: usize = 100;
const MAX_SCOPES: usize = 64;
const MAX_MODELS: usize = 256;
const MAX_PATTERN_CHARS: usize = 200;
const MAX_TAGS: usize = 10;
const MAX_TAG_CHARS: usize = 64;

type Checking = Result<(), IdentityError>;

/// Something that keeps the rules; nothing else is written.
#[derive(Debug)]
pub(crate) struct Checked<T>(T);

impl<T> Checked<T> {
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

impl NewKey {
    /// Checks every field; `held` is what the maker may do.
    pub(crate) fn check(
        mut self,
        held: &Scopes,
        now: Timestamp,
    ) -> Result<Checked<Self>, IdentityError> {
        self.name = name(&self.name)?;
        if let Some(project) = &self.project {
            text("project", project, MAX_NAME_CHARS)?;
        }
        let wanted = self.scopes.get_or_insert_with(default_scopes);
        scopes(wanted, held)?;
        models("models", &self.models)?;
        limits(self.limits.as_ref())?;
        budgets(&self.budgets)?;
        tags(&self.tags)?;
        expiry(self.expires_at, now)?;
        Ok(Checked(self))
    }
}

impl KeyChange {
    /// Checks every field that shall change.
    pub(crate) fn check(
        mut self,
        held: &Scopes,
        now: Timestamp,
    ) -> Result<Checked<Self>, IdentityError> {
        if let Some(wanted) = &mut self.name {
            *wanted = name(wanted)?;
        }
        if let Some(wanted) = &self.scopes {
            scopes(wanted, held)?;
        }
        models("models", self.models.as_deref().unwrap_or_default())?;
        limits(self.limits.as_ref().and_then(Option::as_ref))?;
        budgets(self.budgets.as_deref().unwrap_or_default())?;
        if let Some(wanted) = &self.tags {
            tags(wanted)?;
        }
        expiry(self.expires_at.flatten(), now)?;
        Ok(Checked(self))
    }
}

fn text(field: &str, value: &str, most: usize) -> Checking {
    let chars = value.chars().count();
    if chars == 0 || chars > most || value.chars().any(char::is_control) {
        return Err(IdentityError::field(
            field,
            format!("expected 1 to {most} characters without control characters, got {chars}"),
        ));
    }
    Ok(())
}

fn name(value: &str) -> Result<String, IdentityError> {
    let trimmed = value.trim();
    text("name", trimmed, MAX_NAME_CHARS)?;
    Ok(trimmed.to_owned())
}

fn most(field: &str, got: usize, most: usize) -> Checking {
    if got > most {
        return Err(IdentityError::field(
            field,
            format!("expected at most {most} entries, got {got}"),
        ));
    }
    Ok(())
}

fn scopes(wanted: &[String], held: &Scopes) -> Checking {
    most("scopes", wanted.len(), MAX_SCOPES)?;
    if wanted.is_empty() {
        return Err(IdentityError::field(
            "scopes",
            "expected at least one scope; leave it out for those of a key that calls models",
        ));
    }
    let mut missing = Vec::new();
    for (index, scope) in wanted.iter().enumerate() {
        let one = Scopes::parse(&[scope])
            .map_err(|error| IdentityError::field(format!("scopes[{index}]"), error.to_string()))?;
        if !held.cover(&one) {
            missing.push(scope.as_str());
        }
    }
    if !missing.is_empty() {
        return Err(IdentityError::ScopeNotHeld {
            missing: missing.join(", "),
        });
    }
    Ok(())
}

fn models(field: &str, patterns: &[String]) -> Checking {
    most(field, patterns.len(), MAX_MODELS)?;
    for (index, pattern) in patterns.iter().enumerate() {
        text(&format!("{field}[{index}]"), pattern, MAX_PATTERN_CHARS)?;
    }
    Ok(())
}

fn limits(wanted: Option<&guard::Limits>) -> Checking {
    let Some(wanted) = wanted else { return Ok(()) };
    for pattern in wanted.models.keys() {
        text("limits.models", pattern, MAX_PATTERN_CHARS)?;
    }
    wanted
        .validate()
        .map_err(|error| IdentityError::field(error.field, error.reason))
}

fn budgets(wanted: &[BudgetSpec]) -> Checking {
    most("budgets", wanted.len(), MAX_BUDGETS)?;
    for (index, budget) in wanted.iter().enumerate() {
        models(&format!("budgets[{index}].models"), &budget.models)?;
    }
    Ok(())
}

fn tags(wanted: &BTreeMap<String, String>) -> Checking {
    most("tags", wanted.len(), MAX_TAGS)?;
    for (tag, value) in wanted {
        text("tags", tag, MAX_TAG_CHARS)?;
        text(&format!("tags.{tag}"), value, MAX_TAG_CHARS)?;
        // The header writes them `k=v,…`.
        if tag.contains(['=', ',']) || value.contains(',') {
            return Err(IdentityError::field(
                format!("tags.{tag}"),
                "a tag has no `=` in its name and no `,` anywhere",
            ));
        }
    }
    Ok(())
}

fn expiry(wanted: Option<Timestamp>, now: Timestamp) -> Checking {
    if wanted.is_some_and(|end| end <= now) {
        return Err(IdentityError::field(
            "expires_at",
            "must lie in the future; revoke the key to end it now",
        ));
    }
    Ok(())
}
