//! Members taken out of the outermost object and others put in, every other byte left where it was. It walks the text
//! once and remembers only the members asked for, however many there are.

use std::borrow::Cow;
use std::ops::ControlFlow;

use bytes::Bytes;
use memchr::memchr2;

use super::Edits;
use crate::envelope::Span;
use crate::scan;

/// What taking members out found and left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Just after the opening brace.
    pub body_start: usize,
    /// Whether other members are left.
    pub leaves_any: bool,
    /// Where the value of each name asked for stood, in the order of the names; the last where it stood twice.
    pub values: Vec<Option<Span>>,
}

/// A member of the outermost object.
struct Member<'a> {
    name: Cow<'a, str>,
    key: Span,
    value: Span,
}

impl Edits {
    /// Takes all members of these names out of the body's outermost object, however their names are escaped, each with
    /// one comma. `None`, and no edit, where the body is no object.
    pub fn take_members(&mut self, body: &[u8], names: &[&str]) -> Option<Taken> {
        let mut removed: Vec<Span> = Vec::new();
        let mut values = vec![None; names.len()];
        // A run of members that go, from its first key to its last value.
        let mut run: Option<Span> = None;
        let mut kept_end: Option<usize> = None;
        let body_start = each(body, |member| {
            if let Some(at) = names.iter().position(|name| *name == member.name) {
                values[at] = Some(member.value.clone());
                let start = run.as_ref().map_or(member.key.start, |run| run.start);
                run = Some(start..member.value.end);
            } else {
                removed.extend(run.take().map(|run| run.start..member.key.start));
                kept_end = Some(member.value.end);
            }
            ControlFlow::Continue(())
        })?;
        removed.extend(run.map(|run| kept_end.unwrap_or(run.start)..run.end));
        for span in removed {
            self.replace(span, Bytes::new());
        }
        Some(Taken {
            body_start,
            leaves_any: kept_end.is_some(),
            values,
        })
    }

    /// Puts members (`"a":1,"b":2`, without a comma at either end) first into the object that others were taken from.
    pub fn put_members(&mut self, taken: &Taken, members: &str) -> &mut Self {
        if members.is_empty() {
            return self;
        }
        let comma = if taken.leaves_any { "," } else { "" };
        self.insert(taken.body_start, format!("{members}{comma}"))
    }
}

/// Where the value of a member of the outermost object stands; the first where several have the name.
#[must_use]
pub fn value_of(body: &[u8], name: &str) -> Option<Span> {
    let mut found = None;
    each(body, |member| {
        if member.name == name {
            found = Some(member.value);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    found
}

/// Walks the members of the outermost object and gives the place after its opening brace; `None` where the text is no
/// object. What a value holds is not looked into.
fn each<'a>(
    body: &'a [u8],
    mut member: impl FnMut(Member<'a>) -> ControlFlow<()>,
) -> Option<usize> {
    let mut at = space(body, 0);
    if *body.get(at)? != b'{' {
        return None;
    }
    let body_start = at + 1;
    at = space(body, body_start);
    if *body.get(at)? == b'}' {
        return Some(body_start);
    }
    loop {
        let key_start = at;
        let key_end = string(body, key_start)?;
        let raw = body.get(key_start + 1..key_end - 1)?;
        let name = match scan::unescape(raw) {
            Some(name) => Cow::Owned(name),
            // No valid text, so none of the names that anybody asks for.
            None => Cow::Borrowed(""),
        };
        at = space(body, key_end);
        if *body.get(at)? != b':' {
            return None;
        }
        let value_start = space(body, at + 1);
        let value_end = value(body, value_start)?;
        let found = member(Member {
            name,
            key: key_start..key_end,
            value: value_start..value_end,
        });
        if found.is_break() {
            return Some(body_start);
        }
        at = space(body, value_end);
        match *body.get(at)? {
            b',' => at = space(body, at + 1),
            b'}' => return Some(body_start),
            _ => return None,
        }
    }
}

fn space(body: &[u8], mut at: usize) -> usize {
    while matches!(body.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// The end of the string that begins here, its quote included.
fn string(body: &[u8], start: usize) -> Option<usize> {
    if *body.get(start)? != b'"' {
        return None;
    }
    let mut at = start + 1;
    loop {
        let found = at + memchr2(b'"', b'\\', body.get(at..)?)?;
        if body[found] == b'"' {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

/// The end of the value that begins here.
fn value(body: &[u8], start: usize) -> Option<usize> {
    match *body.get(start)? {
        b'"' => string(body, start),
        b'{' | b'[' => {
            let mut depth = 0_usize;
            let mut at = start;
            loop {
                match *body.get(at)? {
                    b'"' => {
                        at = string(body, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let rest = &body[start..];
            let end = rest.iter().position(|byte| {
                matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n')
            })?;
            (end > 0).then_some(start + end)
        }
    }
}

#[cfg(test)]
mod tests;
