//! `quorate completions` and `quorate man`: what the table of flags says, for shells and for `man`.

use crate::flags::Flags;
use crate::output::{Status, Stop, print};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use std::io;

pub(crate) fn completions(shell: Shell) -> Result<Status, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Flags::command(), "quorate", &mut script);
    print(&String::from_utf8_lossy(&script)).map(|()| Status::Held)
}

pub(crate) fn manual() -> Result<Status, Stop> {
    let page = page().map_err(|error| Stop::Machine(format!("cannot make the manual page: {error}")))?;
    print(&page).map(|()| Status::Held)
}

/// One page with a part for each command: a page each would have to be installed each.
fn page() -> io::Result<String> {
    let mut command = Flags::command();
    command.build();
    let mut roff = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut roff)?;
    man.render_name_section(&mut roff)?;
    man.render_synopsis_section(&mut roff)?;
    man.render_description_section(&mut roff)?;
    for command in command.get_subcommands() {
        part(&mut roff, command)?;
    }
    man.render_extra_section(&mut roff)?;
    man.render_version_section(&mut roff)?;
    Ok(String::from_utf8_lossy(&roff).replace(".SH EXTRA\nExit status: ", ".SH \"EXIT STATUS\"\n"))
}

fn part(roff: &mut Vec<u8>, command: &Command) -> io::Result<()> {
    let man = Man::new(command.clone());
    let mut sections = Vec::new();
    man.render_synopsis_section(&mut sections)?;
    man.render_description_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    man.render_extra_section(&mut sections)?;
    // The sections of a page of its own are paragraphs here.
    let sections = String::from_utf8_lossy(&sections).replace(".SH EXTRA\nExample: ", ".SH EXAMPLE\n").replace(".SH ", ".SS ");
    roff.extend(format!(".SH {:?}\n", command.get_name().to_uppercase()).bytes().chain(sections.bytes()));
    Ok(())
}
