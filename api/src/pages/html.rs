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

    /// The beginning of a table, up to its rows.
    pub(crate) fn table(&mut self, heads: &[&str]) -> &mut Self {
        self.raw("<div class=\"wide\"><table><thead><tr>");
        for head in heads {
            self.raw("<th scope=\"col\">").text(head).raw("</th>");
        }
        self.raw("</tr></thead><tbody>")
    }

    /// A cell under this head, which it carries with it: on a narrow screen a row's cells stand below one another, and the
    /// style then puts its head before each, for eyes and for ears. A cell without words is left out there.
    pub(crate) fn cell(&mut self, head: &str, fill: impl FnOnce(&mut Self) -> &mut Self) -> &mut Self {
        self.raw("<td data-head=\"").text(head).raw("\">");
        fill(self);
        self.raw("</td>")
    }

    /// The end of a table.
    pub(crate) fn end_table(&mut self) -> &mut Self {
        self.raw("</tbody></table></div>")
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

    #[test]
    fn a_cell_says_under_which_head_it_stands() {
        let mut html = Html::default();
        html.table(&["Tệp", "Ghi chú"])
            .raw("<tr>")
            .cell("Tệp", |cell| cell.text("<b>"))
            .cell("Ghi chú", |cell| cell)
            .raw("</tr>")
            .end_table();
        assert_eq!(
            html.done(),
            "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Tệp</th><th scope=\"col\">Ghi chú</th></tr></thead>\
             <tbody><tr><td data-head=\"Tệp\">&lt;b&gt;</td><td data-head=\"Ghi chú\"></td></tr></tbody></table></div>"
        );
    }
}
