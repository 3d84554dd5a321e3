//! Every id that a mutation takes, not only the one that says what it is about: with all else at one's own place, a foreign
//! one is refused as an absent one is, and nothing is written.
//!
//! The questions are made from the schema and the samples; an id that neither they nor the tables here know fails. A
//! delegate was once made of an account of another council because no sample named one.

use cutri::accounts::roles::Roles;
use cutri_tests::world;
use serde_json::{Value, json};

use super::{
    HERE, Matrix, Whose, column, is_public,
    samples::{Sample, samples},
    schema::Sdl,
    sites::KINDS,
};

/// What the samples leave out: mutation, member, the kind of row that it names, and what of the sample gives way to it.
const LEFT_OUT: &[(&str, &str, &str, Option<&str>)] = &[
    ("createDelegate", "accountId", "account", None),
    ("createResolution", "sessionId", "session", None),
    ("extendDue", "petitionId", "forwarded", Some("petitionIds")),
    ("groupFeedback", "petitionId", "petition", None),
    ("informVoters", "meetingId", "meeting", None),
    ("planMeeting", "roundId", "round", None),
    ("planRound", "sessionId", "session", None),
    ("startProcedure", "meetingId", "meeting", None),
    ("startProcedure", "roundId", "round", None),
    ("submitFeedback", "meetingId", "meeting", None),
    ("updateDelegate", "accountId", "account", None),
    ("updateMeeting", "roundId", "round", None),
    ("updateResolution", "sessionId", "session", None),
    ("updateRound", "sessionId", "session", None),
    ("urge", "targetIds", "forwarded", None),
];

/// Ids of what everybody may know of: that one of them is foreign is no secret.
const PUBLIC: &[&str] = &[
    "agencyId",
    "attendedDelegateIds",
    "coordinatingIds",
    "councilId",
    "councilIds",
    "delegateId",
    "groupId",
    "invitedDelegateIds",
    "leadId",
    "receivingAgencyId",
    "successorId",
    "toAgencyId",
    "toCouncilId",
    "unitId",
    "unitIds",
    "upperCouncilId",
];

/// Ids by which nobody else's row is looked up, and why; `id` is that of the new row, which the client makes.
const NO_OTHERS: &[(&str, &str, &str)] = &[
    (
        "login",
        "deviceId",
        "the device of the account that signs in; accounts/session.rs",
    ),
    (
        "publishPetition",
        "answerId",
        "compared with the newest answer of the petition",
    ),
];

/// One id of a mutation.
struct Question {
    /// All at one's own place but this id.
    sample: Sample,
    /// Its path in the input.
    member: String,
    is_left_out: bool,
}

#[test]
fn every_id_of_a_mutation_is_asked_about() {
    let (sdl, samples) = (Sdl::read(), samples());
    let mut unknown = Vec::new();
    for mutation in sdl.root_fields("Mutation") {
        let sample = samples.iter().find(|sample| sample.field == mutation);
        for member in sdl.ids(&mutation) {
            let last = member.rsplit('.').next().unwrap();
            let is_known = sample.is_some_and(|sample| named(sample, &member).is_some())
                || PUBLIC.contains(&last)
                || last == "id"
                || LEFT_OUT
                    .iter()
                    .any(|(field, name, ..)| (*field, *name) == (mutation.as_str(), member.as_str()))
                || NO_OTHERS
                    .iter()
                    .any(|(field, name, _)| (*field, *name) == (mutation.as_str(), member.as_str()));
            if !is_known {
                unknown.push(format!("{mutation}.{member}"));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "add to samples.rs, LEFT_OUT or PUBLIC: {unknown:?}"
    );
    let left_out = questions(&sdl, &samples).into_iter();
    let left_out = left_out.filter(|question| question.is_left_out).count();
    assert_eq!(left_out, LEFT_OUT.len(), "one of LEFT_OUT is no longer left out");
}

/// Asks all that these samples lead to, as everybody who may do it at his own place; the council's own administrator is one
/// of them.
pub(super) async fn walk(matrix: &mut Matrix, samples: &[Sample]) {
    let state = matrix.app.state.clone();
    let here = matrix.sites[HERE].commune.clone();
    let clock = state
        .reference()
        .units
        .province(here.unit)
        .unwrap()
        .id
        .to_string();
    let chief = world::login(&state, "quantri.tanhung", &clock).await;
    world::at_council(&state, &chief, "administrator", here.council).await;
    let chief = column(&matrix.app, "administrator", Some(&chief));
    matrix.roles.push(chief);
    for question in questions(&matrix.sdl, samples) {
        ask(matrix, &question).await;
    }
    matrix.roles.pop();
}

async fn ask(matrix: &mut Matrix, question: &Question) {
    let Question { sample, member, .. } = question;
    let mut is_taken_for_own = false;
    for role in askers(matrix, sample) {
        let foreign = matrix.ask(sample, "Mutation", role, Whose::Foreign).await;
        let absent = matrix.ask(sample, "Mutation", role, Whose::Absent).await;
        let told = format!("{} {}.{member}", matrix.roles[role].name, sample.field);
        let is_alike = foreign.class != "ok" && foreign.redacted == absent.redacted;
        matrix.must(is_alike, || {
            format!(
                "{told}: foreign and absent differ\n  {}\n  {}",
                foreign.redacted, absent.redacted
            )
        });
        let first = member.split('.').next().unwrap_or_default();
        let is_about_it = foreign.redacted.contains(&format!("\"field\":\"{first}"));
        matrix.must(is_about_it, || {
            format!("{told}: refused for something else: {}", foreign.redacted)
        });
        // A refusal of what is refused anyway tells nothing; of what stands in the samples the matrix itself shows that it
        // is not.
        if question.is_left_out && !is_taken_for_own {
            let own = matrix.ask(sample, "Mutation", role, Whose::Own).await;
            is_taken_for_own = own.class != foreign.class;
        }
    }
    matrix.must(is_taken_for_own || !question.is_left_out, || {
        format!(
            "{}.{member}: one's own is refused like a foreign one",
            sample.field
        )
    });
}

/// Who may do it at his own place. For the installation's administrator nobody is foreign; the council's own is the last.
fn askers(matrix: &Matrix, sample: &Sample) -> Vec<usize> {
    let delivered = Roles::delivered().unwrap();
    let last = matrix.roles.len() - 1;
    let all = matrix.roles.iter().enumerate();
    let may = all.filter(|(index, role)| {
        let is_everywhere = role.name == "administrator" && *index != last;
        let holds = |by| delivered.capabilities(role.name).contains(by);
        role.login.is_some() && !is_everywhere && sample.by.is_none_or(holds)
    });
    may.map(|(index, _)| index).collect()
}

fn questions(sdl: &Sdl, samples: &[Sample]) -> Vec<Question> {
    let mut all = Vec::new();
    for sample in samples {
        for member in sdl.ids(sample.field) {
            let left_out = LEFT_OUT
                .iter()
                .find(|(field, name, ..)| (*field, *name) == (sample.field, member.as_str()));
            let mut input = framed(&sample.args["input"]);
            match (named(sample, &member), left_out) {
                (Some(named), _) => {
                    let kind = named.trim_matches(['<', '>']);
                    // Alone it is what the mutation is about, and the matrix asks for it; but not as a council's own
                    // administrator.
                    let is_asked = places(sample) == 1 && !matches!(kind, "account" | "grant");
                    if is_asked || !KINDS.contains(&kind) || is_public(kind) {
                        continue;
                    }
                    match input.pointer_mut(&pointer(&member)) {
                        Some(Value::Array(list)) => list[0] = json!(named),
                        Some(one) => *one = json!(named),
                        None => {}
                    }
                }
                (None, Some((_, _, kind, instead))) => {
                    let input = input.as_object_mut().unwrap();
                    if let Some(instead) = instead {
                        input.remove(*instead);
                    }
                    let odd = format!("<{kind}>");
                    let is_list = member.ends_with("Ids");
                    let odd = if is_list { json!([odd]) } else { json!(odd) };
                    input.insert(member.clone(), odd);
                }
                (None, None) => continue,
            }
            all.push(Question {
                sample: Sample {
                    field: sample.field,
                    args: json!({ "input": input }),
                    by: sample.by,
                    secret: true,
                    spare: false,
                },
                member,
                is_left_out: left_out.is_some(),
            });
        }
    }
    all
}

/// What a sample has there; of a list the first.
fn named<'a>(sample: &'a Sample, member: &str) -> Option<&'a str> {
    let given = sample.args.get("input")?.pointer(&pointer(member))?;
    given.get(0).unwrap_or(given).as_str()
}

fn pointer(member: &str) -> String {
    format!("/{}", member.replace('.', "/0/"))
}

/// How many rows a sample names.
fn places(sample: &Sample) -> usize {
    let args = sample.args.to_string();
    KINDS
        .iter()
        .filter(|kind| args.contains(&format!("<{kind}>")))
        .count()
}

/// The same input with everything at one's own place.
fn framed(input: &Value) -> Value {
    let own = KINDS.iter().fold(input.to_string(), |text, kind| {
        text.replace(&format!("<{kind}>"), &format!("<own {kind}>"))
    });
    serde_json::from_str(&own).unwrap()
}
