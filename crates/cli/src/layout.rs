//! Text of at most 80 columns, as lists and descriptions have it: words folded under their heading.

/// No line is longer, but for one word that is.
const WIDTH: usize = 80;

/// `head`, then words; the lines after the first begin where the words do.
pub(crate) fn folded(text: &mut String, head: &str, words: &str) {
    let indent = head.chars().count();
    let mut line = head.to_string();
    let mut fresh = true;
    for word in pieces(words) {
        if !fresh && line.chars().count() + 1 + word.chars().count() > WIDTH {
            push(text, &line);
            line = " ".repeat(indent);
            fresh = true;
        }
        if !fresh {
            line.push(' ');
        }
        line.push_str(&word);
        fresh = false;
    }
    push(text, &line);
}

/// Words, and short examples of what a file says (`{ uniform = ["1ms", "10ms"] }`) whole.
fn pieces(words: &str) -> Vec<String> {
    const WHOLE_MAX: usize = 50;
    let mut pieces: Vec<String> = Vec::new();
    let mut depth = 0i32;
    for word in words.split_whitespace() {
        match pieces.last_mut() {
            Some(piece) if depth > 0 && piece.chars().count() + 1 + word.chars().count() <= WHOLE_MAX => {
                piece.push(' ');
                piece.push_str(word);
            }
            _ => pieces.push(word.to_string()),
        }
        depth += word.matches(['[', '{']).count() as i32 - word.matches([']', '}']).count() as i32;
    }
    pieces
}

/// Rows of a name and what it is, the names in a column as wide as they need; a long name has a line of its own.
pub(crate) fn rows<N: AsRef<str>, W: AsRef<str>>(text: &mut String, indent: usize, rows: &[(N, W)]) {
    const NAMES_MAX: usize = 28;
    let widths = rows.iter().map(|(name, _)| name.as_ref().chars().count());
    let width = widths.filter(|width| *width <= NAMES_MAX).max().unwrap_or(0).max(8);
    for (name, words) in rows {
        let (name, words) = (name.as_ref(), words.as_ref());
        let mut head = format!("{:indent$}{name:width$}  ", "");
        if name.chars().count() > width && !words.is_empty() {
            push(text, &head);
            head = " ".repeat(indent + width + 2);
        }
        folded(text, &head, words);
    }
}

/// Lines as they are, indented.
pub(crate) fn block(text: &mut String, indent: usize, lines: &str) {
    for line in lines.lines() {
        push(text, &format!("{:indent$}{line}", ""));
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fold_under_their_heading() {
        let mut text = String::new();
        rows(&mut text, 2, &[("loss", "word ".repeat(30)), ("a-name-that-is-longer-than-all-others", "told".to_string())]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(lines[0].starts_with("  loss      word") && lines[1].starts_with("            word"), "{text}");
        assert_eq!(lines[lines.len() - 2..], ["  a-name-that-is-longer-than-all-others", "            told"]);
        let mut text = String::new();
        folded(&mut text, "", &format!("{}{{ uniform = [\"1ms\", \"10ms\"] }} or what", "word ".repeat(13)));
        assert_eq!(text.lines().nth(1), Some("{ uniform = [\"1ms\", \"10ms\"] } or what"));
    }
}
