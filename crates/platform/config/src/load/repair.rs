//! Goes on after a fault: what cannot be read is put back to its default or taken out, so that the next fault comes to light.

use std::collections::BTreeSet;

use crate::fault::Fault;
use crate::mistake::{Mistake, What};
use crate::origin::Origin;
use crate::tree::{Node, Step, Value, path_text};

/// Nobody reads more; what is left comes up on the next try.
const MAX_FAULTS: usize = 200;

/// What was mended so far.
pub(super) struct Repair<'a> {
    defaults: &'a Node,
    /// Paths, as written, that were taken out or put back.
    touched: BTreeSet<String>,
    /// Lists that lost an item, each with what is left of it.
    pub(super) partial: Vec<(String, Node)>,
}

impl<'a> Repair<'a> {
    pub(super) const fn new(defaults: &'a Node) -> Self {
        Self {
            defaults,
            touched: BTreeSet::new(),
            partial: Vec::new(),
        }
    }

    /// Notes the fault and mends the tree for another try; false when there is nothing left to try.
    pub(super) fn mend(
        &mut self,
        tree: &mut Node,
        mistake: Mistake,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let message = mistake.message();
        let path = mistake.path;
        let mut written = tree.written_path(&path);
        let at = tree.at(&path);
        let mut origin = at.map_or(Origin::Inline, |node| node.origin.clone());
        let mended = match mistake.what {
            What::Unknown { key, .. } => {
                if let Some(node) = at.and_then(|node| node.get(&key)) {
                    origin = node.origin.clone();
                }
                written.push(Step::Key(key.clone()));
                note(faults, origin, &written, message);
                let mut full = path.clone();
                full.push(Step::Key(key));
                tree.remove(&full).is_some() || self.take_out(tree, &path)
            }
            What::Missing { key } => {
                written.push(Step::Key(key.clone()));
                // A part that was taken out a moment ago is missing because of that.
                let first_time = self.touched.insert(path_text(&written));
                if first_time {
                    note(faults, origin, &written, message);
                }
                // A default that was no good once is not tried again.
                (first_time && self.fill(tree, &path, key)) || self.take_out(tree, &path)
            }
            _ => {
                note(faults, origin, &written, message);
                self.take_out(tree, &path)
            }
        };
        mended && faults.len() < MAX_FAULTS
    }

    /// Puts the default of a missing key in its place.
    fn fill(&mut self, tree: &mut Node, table: &[Step], key: String) -> bool {
        let Some(default) = self.default_of(table).and_then(|node| node.get(&key)) else {
            return false;
        };
        let default = default.clone();
        match tree.at_mut(table).map(|node| &mut node.value) {
            Some(Value::Table(entries)) => {
                entries.push((key, default));
                true
            }
            _ => false,
        }
    }

    /// Puts a value back to its default, once; a value without a default is taken out.
    fn take_out(&mut self, tree: &mut Node, path: &[Step]) -> bool {
        let written = tree.written_path(path);
        let first_time = self.touched.insert(path_text(&written));
        if first_time
            && let Some(default) = self.default_of(path).cloned()
            && let Some(slot) = tree.at_mut(path)
            && *slot != default
        {
            *slot = default;
            return true;
        }
        let Some(removed) = tree.remove(path) else {
            return false;
        };
        if let [parent @ .., Step::Index(_)] = written.as_slice() {
            self.partial.push((path_text(parent), removed));
        }
        true
    }

    fn default_of(&self, path: &[Step]) -> Option<&'a Node> {
        let in_list = path.iter().any(|step| matches!(step, Step::Index(_)));
        if in_list {
            None
        } else {
            self.defaults.at(path)
        }
    }
}

fn note(faults: &mut Vec<Fault>, origin: Origin, path: &[Step], message: String) {
    let path = path_text(path);
    let known = faults
        .iter()
        .any(|fault| fault.path == path && fault.origin == origin);
    if !known {
        faults.push(Fault::new(origin, path, message));
    }
}
