//! Closed forms: expressions over what holds in the cell's scenario (`nodes`, options, parameters), and over the names that the
//! table gives such expressions under `[where]`. A name is worked out where a closed form uses it, so one that means nothing under
//! some other protocol does no harm.

use super::Table;
use crate::arithmetic::{self, Measure, Mistake, Names, Token};
use crate::expect::Scope;
use crate::text::did_you_mean;

/// Works out a closed form in a cell.
///
/// # Errors
/// The first thing that is wrong with it, with its place.
pub(super) fn work_out(text: &str, table: &Table, scope: &Scope<'_>) -> Result<Measure, Mistake> {
    arithmetic::evaluate(text, &Where { table, scope, above: table.names.len() })
}

/// What may stand in a closed form.
struct Where<'a> {
    table: &'a Table,
    scope: &'a Scope<'a>,
    /// A name may use those above it, which are so many.
    above: usize,
}

impl Where<'_> {
    fn named(&self, name: &str) -> Option<Result<Measure, Mistake>> {
        let place = self.table.names[..self.above].iter().position(|(known, _)| known == name)?;
        let names = Where { above: place, ..*self };
        Some(arithmetic::evaluate(self.table.names[place].1.text(), &names))
    }
}

impl Names for Where<'_> {
    fn value(&self, name: &str) -> Option<Measure> {
        match self.named(name) {
            Some(worked) => worked.ok(),
            None => self.scope.value(name),
        }
    }

    fn is_known(&self, name: &str) -> bool {
        self.table.names.iter().any(|(known, _)| known == name) || self.scope.is_known(name)
    }

    fn unknown(&self, token: &Token<'_>) -> Mistake {
        if let Some(Err(mistake)) = self.named(token.text) {
            let message = format!("{}, under [where], cannot be worked out here: {}", token.shown(), mistake.message);
            return Mistake { help: mistake.help, ..token.mistake(message) };
        }
        let mistake = self.scope.unknown(token);
        let own: Vec<&str> = self.table.names[..self.above].iter().map(|(name, _)| name.as_str()).collect();
        let guess = did_you_mean(token.text, own.iter().copied());
        let message = if guess.is_empty() { mistake.message } else { format!("{} is no number{guess}", token.shown()) };
        let others = own.iter().map(|name| format!(", {name}")).collect::<String>();
        let help = mistake.help.map(|help| help.replace("in a bound", "in a closed form") + &others);
        Mistake { message, help, span: mistake.span }
    }

    fn noun(&self) -> &'static str {
        "value"
    }

    fn expected(&self) -> &'static str {
        self.scope.expected()
    }
}
