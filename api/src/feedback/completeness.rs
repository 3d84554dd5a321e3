//! Whether what a voter said is clear work: what is asked, where, who is affected, since when, and what shows it.
//! Pure: parts are there when somebody filled them in; nothing is guessed from the text.

use entity::feedback::Model;

/// The parts, in the order in which they are asked for.
pub const PARTS: [&str; 5] = ["wanted", "place", "affected", "since", "evidence"];

/// The parts that are missing, separated by spaces; empty when nothing is. A denunciation is a receipt and has none.
pub fn missing(row: &Model, has_files: bool) -> String {
    if row.kind == "denunciation" {
        return String::new();
    }
    let told = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let parts = [
        told(&row.wanted),
        row.unit_id.is_some(),
        told(&row.affected),
        told(&row.since),
        // What shows it, in words or attached, or that there is nothing ("không có").
        told(&row.evidence) || has_files,
    ];
    let lacking = PARTS.iter().zip(parts).filter(|(_, is_there)| !is_there);
    lacking.map(|(part, _)| *part).collect::<Vec<_>>().join(" ")
}

/// What all of several lack: what one of them tells is told.
pub fn missing_in_all<'a>(each: impl IntoIterator<Item = &'a str>) -> Option<String> {
    each.into_iter().map(str::to_owned).reduce(|all, one| {
        let both = all
            .split(' ')
            .filter(|part| one.split(' ').any(|other| other == *part));
        both.collect::<Vec<_>>().join(" ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_tells_is_told() {
        let all = |each: &[&str]| missing_in_all(each.iter().copied());
        assert_eq!(all(&[]), None);
        assert_eq!(all(&["wanted since"]).as_deref(), Some("wanted since"));
        assert_eq!(all(&["wanted since", "since evidence"]).as_deref(), Some("since"));
        assert_eq!(all(&["wanted since", ""]).as_deref(), Some(""));
    }
}
