//! Quoting, so that a command shown can be pasted into a shell whatever the folder is called.

use std::borrow::Cow;

/// One word of a POSIX shell.
pub(in crate::render) fn word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// `text` between double quotes, with nothing in it that a POSIX shell expands.
pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A text literal of SQL.
pub(super) fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// DuckDB's table function over one table of the lake.
pub(super) fn parquet(lake: &str, table: &str) -> String {
    let pattern = sql_text(&format!("{}/{table}/**/*.parquet", lake.trim_end_matches('/')));
    format!("read_parquet({pattern}, hive_partitioning=true)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(word("logs/2026"), "logs/2026");
        assert_eq!(word("logs/**/*.gz"), "'logs/**/*.gz'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn a_folder_cannot_break_out_of_its_quotes() {
        assert_eq!(parquet("my 'lake'/", "rejected"), "read_parquet('my ''lake''/rejected/**/*.parquet', hive_partitioning=true)");
        assert_eq!(double_quoted(r#"$HOME `x` "y" \"#), r#""\$HOME \`x\` \"y\" \\""#);
    }
}
