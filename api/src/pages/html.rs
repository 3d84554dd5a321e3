//! Text on its way into a page. Whatever comes from the database or from a person is escaped here; only what the
//! program itself writes goes in as it is.

/// A page in the making.
#[derive(Default)]
pub(crate) struct Html(String);

impl Html {
    /// The beginning of a page, up to its body.
    pub(super) fn begin(&mut self, title: &str) -> &mut Self {
        self.raw("<!DOCTYPE html><html lang=\"vi\"><head><meta charset=\"utf-8\">")
            .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .element("title", title)
            .raw("<style>")
            .raw(super::STYLE)
            .raw("</style></head><body>")
    }

    /// Markup that the program wrote.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Words, wherever they come from; safe inside an element and inside a quoted attribute.
    pub(crate) fn text(&mut self, words: &str) -> &mut Self {
        for c in words.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// An element around words.
    pub(crate) fn element(&mut self, name: &str, words: &str) -> &mut Self {
        self.raw("<")
            .raw(name)
            .raw(">")
            .text(words)
            .raw("</")
            .raw(name)
            .raw(">")
    }

    /// The whole of it.
    pub(crate) fn done(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let mut html = Html::default();
        html.raw("<p title=\"")
            .text("\" onload='x'")
            .raw("\">")
            .text("<script>&")
            .raw("</p>");
        assert_eq!(
            html.done(),
            "<p title=\"&quot; onload=&#39;x&#39;\">&lt;script&gt;&amp;</p>"
        );
    }
}
