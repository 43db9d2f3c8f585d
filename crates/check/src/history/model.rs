//! The objects that a history can be of. One table holds what each is called, what can be asked of it, and how it begins.

/// The object that a history's operations are meant for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Model {
    /// A register: read, write.
    Register,
    /// A register with compare-and-set.
    CasRegister,
    /// Registers under keys: read, write, cas, and transactions of reads and writes.
    MultiRegister,
    /// Texts under keys: get, put, append.
    Kv,
    /// A lock.
    Mutex,
    /// First in, first out.
    Queue,
    /// Last in, first out.
    Stack,
    /// A set of values.
    Set,
    /// A counter.
    Counter,
    /// Transactions that append to lists and read them.
    ListAppend,
    /// Transactions that read and write registers.
    RwRegister,
    /// A source of ids.
    UniqueIds,
    /// A set of messages that everybody is to get.
    Broadcast,
}

/// What there is to know of a model.
pub struct ModelInfo {
    /// The model.
    pub model: Model,
    /// Its name in files and flags.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Its operations, as files name them.
    pub operations: &'static [&'static str],
    /// Whether every operation must name its key.
    pub needs_key: bool,
    /// The check that is made when none is asked for.
    pub check: &'static str,
}

/// Every model.
pub const MODELS: &[ModelInfo] = &[
    info(Model::Register, "register", "a register: read, write", &["read", "write"], "linearizable"),
    info(Model::CasRegister, "cas-register", "a register with compare-and-set", &["read", "write", "cas"], "linearizable"),
    info(
        Model::MultiRegister,
        "multi-register",
        "registers under keys; transactions of reads and writes are one step",
        &["read", "write", "cas", "txn"],
        "linearizable",
    ),
    ModelInfo {
        needs_key: true,
        ..info(Model::Kv, "kv", "texts under keys: get, put, append", &["get", "put", "append"], "linearizable")
    },
    info(Model::Mutex, "mutex", "a lock: acquire, release", &["acquire", "release"], "linearizable"),
    info(Model::Queue, "queue", "first in, first out; dequeue answers null when empty", &["enqueue", "dequeue"], "linearizable"),
    info(Model::Stack, "stack", "last in, first out; pop answers null when empty", &["push", "pop"], "linearizable"),
    info(Model::Set, "set", "a set of values", &["add", "remove", "contains", "read"], "linearizable"),
    info(Model::Counter, "counter", "a counter: add a whole number, read", &["add", "read"], "linearizable"),
    info(Model::ListAppend, "list-append", "transactions that append to lists and read them", &["txn"], "strict-serializable"),
    info(Model::RwRegister, "rw-register", "transactions that read and write registers", &["txn"], "strict-serializable"),
    info(Model::UniqueIds, "unique-ids", "a source of ids that are all different", &["generate"], "unique"),
    info(Model::Broadcast, "broadcast", "messages that everybody is to get", &["broadcast", "read"], "nothing-lost"),
];

const fn info(
    model: Model,
    name: &'static str,
    summary: &'static str,
    operations: &'static [&'static str],
    check: &'static str,
) -> ModelInfo {
    ModelInfo { model, name, summary, operations, needs_key: false, check }
}

impl Model {
    /// What there is to know of it.
    pub fn info(self) -> &'static ModelInfo {
        &MODELS[self as usize]
    }

    /// Its name in files and flags.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The model of that name.
    pub fn named(name: &str) -> Option<Model> {
        MODELS.iter().find(|info| info.name == name).map(|info| info.model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_models() {
        for (info, index) in MODELS.iter().zip(0..) {
            assert_eq!(info.model as usize, index, "{}", info.name);
            assert_eq!(Model::named(info.name), Some(info.model));
        }
    }
}
