//! The authorization matrix: every root field of the schema, asked by every role for a row of its own place, of a
//! foreign one, and of none at all.
//!
//! The matrix is made from the schema: a root field without a sample fails. What holds of every cell is asserted;
//! the cells themselves are committed in `snapshots/`, so that a changed right is a changed line there.

pub(crate) mod cells;
mod pushes;
pub(crate) mod samples;
pub(crate) mod schema;
mod secondary;
pub(crate) mod sites;
mod streams;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use cutri::{
    accounts::{integrators::create_read_token, roles::Roles},
    agenda::job,
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    database::{self, Kind},
    phone::new_id,
    seeds,
    world::{self, Login, Put, World, another_device},
};
use entity::{id::DeviceId, role_grant};
use serde_json::{Value, json};

use cells::{Fingerprint, became, class, fingerprint, is_push, without_request_id};
use samples::{NOBODY, PASSWORD, Sample, moment, samples};
use schema::Sdl;
use sites::{KINDS, Site, VOTER};

/// A column of the matrix.
struct Role {
    name: &'static str,
    person: Person,
    login: Option<Login>,
    /// Which site is foreign to it: the neighbour, or, for whoever sees a province, another province's.
    foreign: usize,
    /// The words that it may read.
    reads: &'static [usize],
}

const HERE: usize = 0;
const THERE: usize = 1;
const FAR: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Own,
    Foreign,
    Absent,
}

struct Matrix {
    app: TestApp,
    sites: [Site; 3],
    roles: Vec<Role>,
    sdl: Sdl,
    /// What each role may.
    rights: Roles,
    made: usize,
    /// Everything as it was after the last refusal, as long as nothing is written.
    known: Option<Fingerprint>,
    /// What did not hold.
    wrong: Vec<String>,
}

/// An answer, and the ids that were put into its request.
struct Cell {
    class: String,
    /// The answer with the ids of its request and its own number left out.
    redacted: String,
}

#[test]
fn nobody_reads_or_writes_what_is_not_his() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let table = walk(db, samples()).await;
        insta::assert_snapshot!("authorization", table);
    });
}

#[test]
fn nobody_reads_or_writes_what_is_not_his_on_postgres() {
    // The rules are the same; a third of the fields tries the statements of this database, by turns.
    let turn = if seeds::is_full() {
        None
    } else {
        Some(seeds::seed() % 3)
    };
    let is_due = |place: usize| turn.is_none_or(|turn| place as u64 % 3 == turn);
    let due = samples()
        .into_iter()
        .enumerate()
        .filter(|(place, _)| is_due(*place));
    let due: Vec<Sample> = due.map(|(_, sample)| sample).collect();
    database::run(Kind::Postgres, async move |db: TestDatabase| {
        walk(db, due).await;
    });
}

#[test]
fn no_field_shows_a_voters_contact() {
    let shown = Sdl::read().shown();
    assert!(shown.len() > 200, "the schema was not read");
    let personal: Vec<&String> = shown
        .iter()
        .filter(|path| {
            // RxDB asks for every member that it may write; these are null whatever is there (see `rxdb`).
            if path.starts_with("FeedbackSyncDocument.") {
                return false;
            }
            let field = path.split_once('.').map_or("", |(_, field)| field);
            let field = field.to_lowercase();
            ["contact", "phone", "consent"]
                .iter()
                .any(|word| field.starts_with(word) || field.ends_with(word))
        })
        .collect();
    assert!(personal.is_empty(), "{personal:?}");
}

#[test]
fn every_root_field_has_a_sample() {
    let sdl = Sdl::read();
    let of_schema: BTreeSet<String> = [sdl.root_fields("Query"), sdl.root_fields("Mutation")]
        .concat()
        .into_iter()
        .collect();
    let sampled: BTreeSet<String> = samples().iter().map(|sample| sample.field.to_owned()).collect();
    let without: Vec<_> = of_schema.difference(&sampled).collect();
    assert!(without.is_empty(), "add to authorization/samples.rs: {without:?}");
    let gone: Vec<_> = sampled.difference(&of_schema).collect();
    assert!(gone.is_empty(), "no longer in the schema: {gone:?}");
    assert_eq!(samples().len(), sampled.len(), "one sample for each field");
    for (field, why) in NOBODY {
        assert!(sampled.contains(*field), "{field}: {why}");
    }
}

/// Asks for every sample as everybody, judges the answers and returns their table.
async fn walk(db: TestDatabase, samples: Vec<Sample>) -> String {
    let mut matrix = Matrix::set(&db).await;
    // These are questions to the rules, which know of no database.
    if db.kind() == Kind::Sqlite {
        secondary::walk(&mut matrix, &samples).await;
    }
    let mut table = String::new();
    let names: Vec<&str> = matrix.roles.iter().map(|role| role.name).collect();
    writeln!(table, "{:<30}{}", "", names.join(" | ")).unwrap();
    for sample in samples {
        let queries = matrix.sdl.root_fields("Query");
        let root = if queries.iter().any(|field| field == sample.field) {
            "Query"
        } else {
            "Mutation"
        };
        let variants: &[Whose] = match sample.has_place() {
            true => &[Whose::Foreign, Whose::Absent, Whose::Own],
            false => &[Whose::Own],
        };
        let mut rows: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for role in 0..matrix.roles.len() {
            let mut cells: Vec<Cell> = Vec::new();
            for whose in variants {
                let cell = matrix.ask(&sample, root, role, *whose).await;
                rows.entry(*whose as usize).or_default().push(cell.class.clone());
                cells.push(cell);
            }
            matrix.judge(&sample, root, role, &cells);
        }
        let own = &rows[&(Whose::Own as usize)];
        let is_accepted = own.iter().any(|class| class == "ok");
        let is_nobodys = NOBODY.iter().any(|(field, _)| *field == sample.field);
        matrix.must(is_accepted != is_nobodys, || {
            let told = "accepted from nobody, and not in NOBODY, or in it, and accepted";
            format!("{}: {told}: {}", sample.field, own.join(" | "))
        });
        for (whose, classes) in rows {
            let whose = ["own", "foreign", "absent"][whose];
            writeln!(
                table,
                "{:<30}{}",
                format!("{} {whose}", sample.field),
                classes.join(" | ")
            )
            .unwrap();
        }
    }
    assert!(matrix.wrong.is_empty(), "{}\n\n{table}", matrix.wrong.join("\n"));
    table
}

impl Matrix {
    /// Everybody, and at each place a row of every kind.
    async fn set(db: &TestDatabase) -> Self {
        let mut matrix = Self::of(TestApp::start(db).await).await;
        for site in &mut matrix.sites {
            site.plant(&matrix.app).await;
        }
        job::count(&matrix.app.state, true).await.unwrap();
        matrix
    }

    /// Everybody, at places where nothing has happened.
    async fn of(app: TestApp) -> Self {
        let state = &app.state;
        let world = World::create(state).await;
        let capital = state
            .reference()
            .units
            .by_code("01", Some("province"), state.clock.today())
            .unwrap()
            .id;
        let far = world::commune(state, "00004", "badinh", &capital.to_string()).await;
        let clock = world.province.to_string();
        let here = &world.here;

        let token = create_read_token(state, world.province, "cổng", None)
            .await
            .unwrap()
            .1;
        let mut roles = vec![
            Role {
                reads: &[],
                ..column(&app, "anonymous", None)
            },
            Role {
                person: app.bearer(Some(token.text())),
                foreign: FAR,
                reads: &[HERE, THERE],
                ..column(&app, "integrator", None)
            },
            Role {
                reads: &[],
                ..column(&app, "administrator", Some(&world.administrator))
            },
            column(&app, "office", Some(&here.office)),
        ];
        for name in [
            "standing_committee",
            "committee",
            "group_head",
            "front_officer",
            "auditor",
            "data_protection_officer",
        ] {
            let login = world::login(state, &format!("{name}.tanhung"), &clock).await;
            world::at_council(state, &login, name, here.council).await;
            roles.push(column(&app, name, Some(&login)));
        }
        roles.push(column(&app, "delegate", Some(&here.delegates[1])));
        let assembly = world::login(state, "doan.dbqh", &clock).await;
        let answering = role_grant::Model {
            id: state.entropy.id(state.clock.now()).into(),
            account_id: assembly.account,
            role: "assembly_office".to_owned(),
            council_id: None,
            agency_id: Some(here.committee),
            unit_id: None,
            valid_from: world::FOUNDED.parse().unwrap(),
            valid_to: None,
        };
        Put::new().row(answering).now(state).await;
        roles.push(column(&app, "assembly_office", Some(&assembly)));
        roles.push(column(&app, "agency", Some(&here.committee_login)));
        roles.push(Role {
            foreign: FAR,
            reads: &[HERE, THERE],
            ..column(&app, "aggregator", Some(&world.aggregator))
        });

        let everybody = json!({"username": "aicungduoc", "password": PASSWORD, "role": "auditor", "councilId": here.council});
        let administrator = app.person(&world.administrator);
        administrator
            .done("createAccount", everybody, "account { id }")
            .await;
        let sites = [
            Site::new(world.here.clone(), "Rạch Chim Họa Mi"),
            Site::new(world.there.clone(), "Xẻo Bần Gai"),
            Site::new(far, "Ngõ Trúc Lâm"),
        ];
        Self {
            app,
            sites,
            roles,
            sdl: Sdl::read(),
            rights: Roles::delivered().unwrap(),
            made: 0,
            known: None,
            wrong: Vec::new(),
        }
    }

    /// How many rows there are to ask about.
    fn planted(&self) -> usize {
        self.sites.iter().map(Site::made).sum()
    }

    /// Asks for one cell.
    async fn ask(&mut self, sample: &Sample, root: &str, role: usize, whose: Whose) -> Cell {
        let site = match whose {
            Whose::Own => HERE,
            _ => self.roles[role].foreign,
        };
        let mut put: Vec<(String, String)> = Vec::new();
        let template = sample.args.to_string();
        let has_device = template.contains("<device>");
        let planted = self.planted();
        let is_public_alone = !KINDS
            .iter()
            .any(|kind| !is_public(kind) && template.contains(&format!("<{kind}>")));
        for kind in KINDS
            .iter()
            .filter(|kind| template.contains(&format!("<{kind}>")))
        {
            // What everybody may know of stays, so that foreign and absent differ in nothing but the row itself.
            let is_known = is_public(kind) && !is_public_alone;
            let id = match whose {
                Whose::Absent if !is_known => new_id(),
                _ => self.sites[site].id(&self.app, kind).await,
            };
            put.push((format!("<{kind}>"), id));
        }
        // What only frames the question lies at one's own place.
        for kind in KINDS
            .iter()
            .filter(|kind| template.contains(&format!("<own {kind}>")))
        {
            let id = self.sites[HERE].id(&self.app, kind).await;
            put.push((format!("<own {kind}>"), id));
        }
        if has_device {
            put.push(("<device>".to_owned(), self.device(role, whose).await));
        }
        let word = match whose {
            Whose::Absent => "không ai nói thế".to_owned(),
            _ => self.sites[site].word.clone(),
        };
        self.made += 1;
        put.push(("<word>".to_owned(), word));
        for which in ["later", "yesterday"] {
            put.push((format!("<{which}>"), moment(&self.app.state, which)));
        }
        let new = new_id();
        put.push(("<new>".to_owned(), new.clone()));
        put.push(("<name>".to_owned(), format!("moi.{}", self.made)));
        let arguments = put
            .iter()
            .fold(template, |text, (place, value)| text.replace(place, value));
        let arguments: Value = serde_json::from_str(&arguments).unwrap();
        let names: Vec<&str> = arguments
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let query = match self.must_be_refused(sample, root, role, whose) {
            true => self.sdl.call_briefly(root, sample.field, &names),
            false => self.sdl.call(root, sample.field, &names),
        };

        let person = match sample.spare {
            true => self.on_a_device_of_its_own(role).await,
            false => self.roles[role].person.clone(),
        };
        let is_prepared = self.planted() > planted || sample.spare || has_device;
        let before = match self.known.take() {
            Some(known) if !is_prepared => known,
            _ => fingerprint(&self.app.state).await,
        };
        let answer = person.ask(&query, arguments).await;
        let told = format!("{} {} {whose:?}", self.roles[role].name, sample.field);
        self.must(answer.status < 500, || format!("{told}: {}", answer.body));
        let class = match became(&self.app.state, &answer.body, sample.field, &new).await {
            Some(became) => became.to_owned(),
            None => class(&answer.body, sample.field),
        };
        if class != "ok" && !is_push(sample.field) {
            let after = fingerprint(&self.app.state).await;
            self.must(before == after, || {
                format!("{told}: {class}, but something was written")
            });
            self.known = Some(after);
        }
        if class == "ok" && root == "Mutation" && whose != Whose::Absent {
            for (place, _) in &put {
                let place = place.trim_matches(['<', '>']);
                match place.strip_prefix("own ") {
                    Some(kind) => self.sites[HERE].used(kind),
                    None => self.sites[site].used(place),
                }
            }
        }

        let text = answer.body.to_string();
        let is_clean = !text.contains(VOTER) && !text.contains("912345678");
        self.must(is_clean, || format!("{told}: a voter's contact: {text}"));
        let reads = self.roles[role].reads;
        let foreign_words: Vec<String> = (HERE..=FAR)
            .filter(|index| !reads.contains(index))
            .map(|index| self.sites[index].word.clone())
            .collect();
        let is_silent = !foreign_words.iter().any(|word| text.contains(word));
        self.must(is_silent, || format!("{told}: somebody else's words: {text}"));
        let mut body = answer.body;
        without_request_id(&mut body);
        let redacted = put.iter().fold(body.to_string(), |text, (place, value)| {
            text.replace(value, place)
        });
        Cell { class, redacted }
    }

    /// Whether [`judge`](Self::judge) has it that this is refused: then there is nothing to be shown.
    fn must_be_refused(&self, sample: &Sample, root: &str, role: usize, whose: Whose) -> bool {
        let Role { name, login, .. } = &self.roles[role];
        if whose != Whose::Own && sample.secret {
            return *name != "administrator";
        }
        match (login, sample.by) {
            (None, _) => root == "Mutation" && !matches!(sample.field, "login" | "refresh"),
            (Some(_), Some(capability)) => {
                whose == Whose::Own && !self.rights.capabilities(name).contains(capability)
            }
            (Some(_), None) => false,
        }
    }

    /// What holds of every cell.
    fn judge(&mut self, sample: &Sample, root: &str, role: usize, cells: &[Cell]) {
        let name = self.roles[role].name;
        let told = format!("{name} {}", sample.field);
        if let [foreign, absent, _] = cells {
            // The installation's administrator administers people and bodies everywhere; nothing else is anybody's.
            let administers = name == "administrator" && foreign.class == "ok" && {
                let lines = [
                    "account",
                    "updateAccount",
                    "disableAccount",
                    "enableAccount",
                    "resetPassword",
                    "grantRole",
                    "revokeRole",
                    "revokeDevice",
                    "setCouncilPeriod",
                ];
                lines.contains(&sample.field)
            };
            if sample.secret && !administers {
                let is_alike = foreign.redacted == absent.redacted && foreign.class != "ok";
                self.must(is_alike, || {
                    format!(
                        "{told}: foreign and absent differ\n  {}\n  {}",
                        foreign.redacted, absent.redacted
                    )
                });
            }
            if root == "Query" && self.sdl.is_connection(root, sample.field) && is_internal(sample.field) {
                self.must(foreign.class == "empty", || {
                    format!("{told}: {}", foreign.redacted)
                });
            }
        }
        let Some(own) = cells.last() else { return };
        let has_account = self.roles[role].login.is_some();
        if root == "Mutation" && !has_account && !matches!(sample.field, "login" | "refresh") {
            for cell in cells {
                self.must(cell.class == "UNAUTHENTICATED", || {
                    format!("{told}: {}", cell.class)
                });
            }
        }
        if let (Some(capability), true) = (sample.by, has_account) {
            let holds = self.rights.capabilities(name).contains(capability);
            self.must((own.class == "ok") == holds, || {
                format!("{told}: {} {}", own.class, own.redacted)
            });
        }
    }

    /// Notes what does not hold, so that one run tells everything.
    fn must(&mut self, holds: bool, told: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(told());
        }
    }

    async fn device(&self, role: usize, whose: Whose) -> String {
        let owner = match (whose, &self.roles[role].login) {
            (Whose::Absent, _) => return new_id(),
            (Whose::Own, Some(login)) => login.clone(),
            _ => self.sites[self.roles[role].foreign].commune.delegates[0].clone(),
        };
        let id: DeviceId = self.app.state.entropy.id(self.app.state.clock.now()).into();
        let device = another_device(&self.app.state, &owner, id);
        Put::new().row(device).now(&self.app.state).await;
        id.to_string()
    }

    async fn on_a_device_of_its_own(&self, role: usize) -> Person {
        let Some(login) = &self.roles[role].login else {
            return self.roles[role].person.clone();
        };
        let id = self.device(role, Whose::Own).await;
        self.app.person_on(login, DeviceId(id.parse().unwrap()))
    }
}

fn column(app: &TestApp, name: &'static str, login: Option<&Login>) -> Role {
    Role {
        name,
        person: login.map_or_else(|| app.stranger(), |login| app.person(login)),
        login: login.cloned(),
        foreign: THERE,
        reads: &[HERE],
    }
}

/// Rows that everybody may read.
fn is_public(kind: &str) -> bool {
    matches!(
        kind,
        "unit" | "bare" | "council" | "agency" | "partner" | "delegate"
    )
}

/// Lists of what is the councils' own until it is published.
fn is_internal(field: &str) -> bool {
    matches!(field, "feedbacks" | "petitions" | "meetings" | "resolutions")
}
