//! Editions and their lines in GraphQL.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{
    ComplexObject, Context, ID, Object, SimpleObject,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use entity::{
    id::{PetitionId, SynthesisEditionId, SynthesisId, SynthesisItemId},
    synthesis_edition,
    synthesis_item::{Column, Entity, Model},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    councils::graphql::Council,
    error::{Error, Result},
    graphql::{
        code::{CodeEntry, entry_of},
        list::{self, PageArgs, Total, asks_for_total, without},
        loader::{Rows, Texts, one, rows, text},
        scalar::{Day, Time},
        wire_id,
    },
    petitions::graphql::Petition,
    viewer::Viewer,
};

/// How many lines of a list are of a tier and a field.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SynthesisCount {
    /// Code of the list `tier` (thẩm quyền); null for what is not classified.
    pub(crate) tier: Option<String>,
    /// Code of the list `field` (lĩnh vực); null for what is not classified.
    pub(crate) field: Option<String>,
    /// Lines.
    pub(crate) count: i32,
}

#[ComplexObject]
impl SynthesisCount {
    /// What the tier is called; list `tier`.
    async fn tier_entry(&self) -> Option<CodeEntry> {
        entry_of("tier", self.tier.as_deref())
    }

    /// What the field is called; list `field`.
    async fn field_entry(&self) -> Option<CodeEntry> {
        entry_of("field", self.field.as_deref())
    }
}

/// Counts lines by tier and field, in the order in which they stand.
pub(crate) fn counted(
    lines: impl IntoIterator<Item = (Option<String>, Option<String>)>,
) -> Vec<SynthesisCount> {
    let mut counts: Vec<SynthesisCount> = Vec::new();
    let mut place: BTreeMap<(Option<String>, Option<String>), usize> = BTreeMap::new();
    for key in lines {
        let at = *place.entry(key.clone()).or_insert_with(|| {
            counts.push(SynthesisCount {
                tier: key.0,
                field: key.1,
                count: 0,
            });
            counts.len() - 1
        });
        counts[at].count += 1;
    }
    counts
}

/// A list as it would be frozen now.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct SynthesisPreview {
    /// Points held (số điểm đã tổ chức).
    pub(super) points: i32,
    /// Opinions and petitions as voters said them (tổng số ý kiến, kiến nghị).
    pub(super) opinions: i32,
    /// Of these, answered on the spot and made into no petition (trả lời tại chỗ).
    pub(super) on_spot: i32,
    /// What there was before splits and mergers: each opinion and petition that was not just answered on the spot, so that
    /// it is `opinions` less `onSpot` (trước khi tách, nhập). Two slips that became one petition are two.
    pub(super) before: i32,
    /// Petitions that would be listed (sau khi tách, nhập).
    pub(super) after: i32,
    /// Of the listed ones, opinions that are part of no petition yet (chưa tổng hợp): finish them before freezing, for the
    /// council's is refused with any (`acknowledgeUnclassified`).
    pub(super) ungrouped: i32,
    /// Of the listed ones, petitions without tier or field (chưa phân loại): finish them before freezing, for the council's
    /// is refused with any (`acknowledgeUnclassified`).
    pub(super) unclassified: i32,
    /// The listed ones by tier and field.
    pub(super) by_tier_and_field: Vec<SynthesisCount>,
    /// Last day of the round's contacts, from which the period is counted.
    pub(super) round_ended_on: Option<Day>,
    /// Until when it is due (thời hạn), by the rule of that day.
    pub(super) due_on: Option<Day>,
}

/// The editions of a synthesis, and the counts of one, for the loader.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EditionsOf(pub(super) SynthesisId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct CountsOf(SynthesisEditionId);

impl Loader<EditionsOf> for Rows {
    type Value = Vec<SynthesisEdition>;
    type Error = Error;

    async fn load(&self, syntheses: &[EditionsOf]) -> Result<HashMap<EditionsOf, Self::Value>> {
        use synthesis_edition::{Column, Entity};
        let conn = self.state.store.read();
        let editions = Entity::find()
            .filter(Column::SynthesisId.is_in(syntheses.iter().map(|of| of.0)))
            .order_by_asc(Column::Number)
            .all(conn)
            .await?;
        let actors = editions
            .iter()
            .flat_map(|row| [row.frozen_by, row.cosigned_by, row.sent_by])
            .flatten()
            .collect();
        let names = self.names(actors).await?;
        let mut of: HashMap<EditionsOf, Self::Value> = HashMap::new();
        for row in editions {
            let name = |actor: Option<entity::id::AccountId>| names.get(&actor?).cloned();
            let edition = SynthesisEdition {
                frozen_by: name(row.frozen_by),
                cosigned_by: name(row.cosigned_by),
                sent_by: name(row.sent_by),
                internal: false,
                row,
            };
            of.entry(EditionsOf(edition.row.synthesis_id))
                .or_default()
                .push(edition);
        }
        Ok(of)
    }
}

impl Loader<CountsOf> for Rows {
    type Value = Vec<SynthesisCount>;
    type Error = Error;

    async fn load(&self, editions: &[CountsOf]) -> Result<HashMap<CountsOf, Self::Value>> {
        type Class = (SynthesisEditionId, Option<String>, Option<String>);
        let lines: Vec<Class> = Entity::find()
            .select_only()
            .columns([Column::EditionId, Column::Tier, Column::Field])
            .filter(Column::EditionId.is_in(editions.iter().map(|of| of.0)))
            .order_by_asc(Column::Position)
            .into_tuple()
            .all(self.state.store.read())
            .await?;
        let mut of: HashMap<CountsOf, Vec<_>> = HashMap::new();
        for (edition, tier, field) in lines {
            of.entry(CountsOf(edition)).or_default().push((tier, field));
        }
        Ok(of.into_iter().map(|(of, lines)| (of, counted(lines))).collect())
    }
}

/// An edition of a synthesis.
#[derive(Clone)]
pub struct SynthesisEdition {
    row: synthesis_edition::Model,
    frozen_by: Option<String>,
    cosigned_by: Option<String>,
    sent_by: Option<String>,
    /// Whether the viewer may read what petitions say.
    internal: bool,
}

impl SynthesisEdition {
    /// As somebody sees it who may, or may not, read what petitions say.
    pub(super) fn seen(self, internal: bool) -> Self {
        Self { internal, ..self }
    }

    /// Whether it was sent to a council of his.
    pub(super) fn was_sent_to(&self, viewer: &Viewer) -> bool {
        super::was_sent_to(&self.row, viewer)
    }
}

/// An edition (bản) of a synthesis: a frozen, numbered list with its counts. It never changes; what becomes of the
/// petitions later shows in the next edition only.
#[Object]
impl SynthesisEdition {
    /// The bare lower-case UUID.
    async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// Its number among the editions, from 1.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// The number of its document (số, ký hiệu), as printed.
    async fn document_number(&self) -> &str {
        &self.row.document_number
    }

    /// The date of its document.
    async fn document_date(&self) -> Day {
        Day(self.row.document_date)
    }

    /// Who signed it (người ký).
    async fn signer(&self) -> Option<&str> {
        self.row.signer.as_deref()
    }

    /// Why there is another edition; null for the first.
    async fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }

    /// When its list was frozen: every count is of this moment (thời điểm chốt số liệu).
    async fn frozen_at(&self) -> Time {
        Time(self.row.frozen_at)
    }

    /// Who froze it: the shown name of the account.
    async fn frozen_by(&self) -> Option<&str> {
        self.frozen_by.as_deref()
    }

    /// Last day of the round's contacts, from which the period is counted.
    async fn round_ended_on(&self) -> Option<Day> {
        self.row.round_ended_on.map(Day)
    }

    /// Until when it was due (thời hạn), by the rule of that day.
    async fn due_on(&self) -> Option<Day> {
        self.row.due_on.map(Day)
    }

    /// Whether it was sent by its day; null until it is sent, and where no day is known.
    async fn on_time(&self) -> Option<bool> {
        Some(self.row.sent_on? <= self.row.due_on?)
    }

    /// Points held (số điểm đã tổ chức).
    async fn points(&self) -> i32 {
        self.row.points
    }

    /// Opinions and petitions as voters said them (tổng số ý kiến, kiến nghị).
    async fn opinions(&self) -> i32 {
        self.row.opinions
    }

    /// Of these, answered on the spot and made into no petition (trả lời tại chỗ).
    async fn on_spot(&self) -> i32 {
        self.row.on_spot
    }

    /// What there was before splits and mergers: each opinion and petition that was not just answered on the spot, so that
    /// it is `opinions` less `onSpot` (trước khi tách, nhập). Two slips that became one petition are two; editions frozen
    /// before that was so keep the figure with which they were signed.
    async fn before(&self) -> i32 {
        self.row.before
    }

    /// Petitions on the list (sau khi tách, nhập).
    async fn after(&self) -> i32 {
        self.row.after
    }

    /// The lines of the list by tier and field, in its order.
    async fn by_tier_and_field(&self, ctx: &Context<'_>) -> Result<Vec<SynthesisCount>> {
        Ok(rows(ctx)?
            .load_one(CountsOf(self.row.id))
            .await?
            .unwrap_or_default())
    }

    /// When MTTQ put its name to it (Mặt trận Tổ quốc cùng ký).
    async fn cosigned_at(&self) -> Option<Time> {
        self.row.cosigned_at.map(Time)
    }

    /// Whose account said so: MTTQ's, or the office's where it recorded it (`cosignedOnBehalf`).
    async fn cosigned_by(&self) -> Option<&str> {
        self.cosigned_by.as_deref()
    }

    /// Who signed for MTTQ.
    async fn cosigner(&self) -> Option<&str> {
        self.row.cosigner.as_deref()
    }

    /// Whether the office recorded it for an MTTQ without an account (Văn phòng nhập thay).
    async fn cosigned_on_behalf(&self) -> bool {
        self.row.cosign_document_number.is_some()
    }

    /// The number of the paper on which the office recorded it (số, ký hiệu), as printed; null where MTTQ signed with
    /// its own account.
    async fn cosign_document_number(&self) -> Option<&str> {
        self.row.cosign_document_number.as_deref()
    }

    /// The date of that paper.
    async fn cosign_document_date(&self) -> Option<Day> {
        self.row.cosign_document_date.map(Day)
    }

    /// When it was sent.
    async fn sent_on(&self) -> Option<Day> {
        self.row.sent_on.map(Day)
    }

    /// Whose account said so.
    async fn sent_by(&self) -> Option<&str> {
        self.sent_by.as_deref()
    }

    /// To whom, in words (nơi nhận).
    async fn sent_to(&self) -> Option<&str> {
        self.row.sent_to.as_deref()
    }

    /// The council that reads it since.
    async fn to_council_id(&self) -> Option<ID> {
        self.row.to_council_id.map(wire_id)
    }

    /// That council itself.
    async fn to_council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.to_council_id)
    }

    /// Its lines in order; empty for who may not read what petitions say. Exactly one of `first` and `last`, 1 to 100.
    async fn items(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, SynthesisItem, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let window = page.window()?;
        let rows = rows(ctx)?;
        let places = match self.internal {
            true => rows.load_one(PlacesOf(self.row.id)).await?.unwrap_or_default(),
            false => Vec::new(),
        };
        let total = asks_for_total(ctx).then(|| i64::try_from(places.len()).unwrap_or(i64::MAX));
        let known: HashMap<_, _> = places.iter().map(|(id, place)| (id.0, *place)).collect();
        let slice = list::held(places, |(_, place)| *place, |id| known.get(&id).copied(), window)?;
        let shown = slice.rows().map(|(id, _)| LineOf(*id));
        let mut lines = rows.load_many(shown).await?;
        let slice = slice.filter_map(|(id, _)| lines.remove(&LineOf(id)));
        Ok(list::connection(slice, total, |row| row.id.0, SynthesisItem))
    }
}

/// Where the lines of an edition stand, and a line, for the loader.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PlacesOf(SynthesisEditionId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct LineOf(SynthesisItemId);

impl Texts for SynthesisItemId {
    type Table = Entity;
    const KEY: Column = Column::Id;
    const TEXTS: &'static [Column] = &[Column::Content];
}

impl Loader<PlacesOf> for Rows {
    type Value = Vec<(SynthesisItemId, i32)>;
    type Error = Error;

    async fn load(&self, editions: &[PlacesOf]) -> Result<HashMap<PlacesOf, Self::Value>> {
        let lines: Vec<(SynthesisEditionId, SynthesisItemId, i32)> = Entity::find()
            .select_only()
            .columns([Column::EditionId, Column::Id, Column::Position])
            .filter(Column::EditionId.is_in(editions.iter().map(|of| of.0)))
            .into_tuple()
            .all(self.state.store.read())
            .await?;
        let mut of: HashMap<PlacesOf, Vec<_>> = HashMap::new();
        for (edition, line, place) in lines {
            of.entry(PlacesOf(edition)).or_default().push((line, place));
        }
        Ok(of)
    }
}

impl Loader<LineOf> for Rows {
    type Value = Model;
    type Error = Error;

    async fn load(&self, lines: &[LineOf]) -> Result<HashMap<LineOf, Model>> {
        let lines = Entity::find().filter(Column::Id.is_in(lines.iter().map(|line| line.0)));
        let lines = without(lines, SynthesisItemId::TEXTS)
            .all(self.state.store.read())
            .await?;
        Ok(lines.into_iter().map(|row| (LineOf(row.id), row)).collect())
    }
}

/// A line of an edition.
pub(super) struct SynthesisItem(Model);

/// A line of an edition: what a petition said when the list was frozen.
#[Object]
impl SynthesisItem {
    /// The bare lower-case UUID.
    async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// Its number on the list (số thứ tự), from 1.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// The petition; null for what nobody had made a petition of.
    async fn petition_id(&self) -> Option<ID> {
        self.0.petition_id.map(wire_id)
    }

    /// The petition as it is now; null if the viewer may not see it.
    async fn petition(&self, ctx: &Context<'_>) -> Result<Option<Petition>> {
        one::<PetitionId>(ctx, self.0.petition_id).await
    }

    /// The petition's number at the council.
    async fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }

    /// Its title then.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its text then.
    async fn content(&self, ctx: &Context<'_>) -> Result<String> {
        let said = text(ctx, self.0.id, Column::Content).await?;
        Ok(said.unwrap_or_default())
    }

    /// Code of the list `tier` (thẩm quyền) then.
    async fn tier(&self) -> Option<&str> {
        self.0.tier.as_deref()
    }

    /// What the tier is called; list `tier`.
    async fn tier_entry(&self) -> Option<CodeEntry> {
        entry_of("tier", self.0.tier.as_deref())
    }

    /// Code of the list `field` (lĩnh vực) then.
    async fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// What the field is called; list `field`.
    async fn field_entry(&self) -> Option<CodeEntry> {
        entry_of("field", self.0.field.as_deref())
    }

    /// Where voters said it: names of units, as they were.
    async fn places(&self) -> &str {
        &self.0.places
    }

    /// How many opinions went into it.
    async fn opinions(&self) -> i32 {
        self.0.opinions
    }

    /// Of how many it was made (nhập): opinions that the office made one petition of, and those of petitions that were merged
    /// into it; 1 for one that stands by itself.
    async fn merged_from(&self) -> i32 {
        self.0.merged_from
    }

    /// The number of the petition of which it is a part (tách từ).
    async fn split_from(&self) -> Option<&str> {
        self.0.split_from.as_deref()
    }
}
