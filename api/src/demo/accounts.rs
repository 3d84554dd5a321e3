//! Who signs in to the demo: an account or more for every role, each with a password of its own that is made with the
//! demo and stands in `demo.json` and nowhere else.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use entity::{
    account, constituency, council, delegate,
    id::{AccountId, AgencyId, DelegateId, UnitId},
    role_grant, unit,
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{
    Making,
    bodies::{Agencies, Councils, two_tiers},
    put::{Group, Put, moment},
};
use crate::{
    accounts::password::Password,
    error::{Error, Result},
    start::Failure,
};

/// The file in the data folder.
pub const FILE: &str = "demo.json";

/// An account of the demo.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    pub role: String,
    pub username: String,
    pub password: String,
    /// Where it works.
    pub unit: String,
    pub unit_id: String,
}

/// The accounts of a demo, from its data folder.
pub fn read(data: &Path) -> std::result::Result<Vec<Login>, Failure> {
    let path = data.join(FILE);
    let text = fs::read_to_string(&path).map_err(|cause| Failure::file(&path, &cause))?;
    serde_json::from_str(&text).map_err(|cause| Failure::new(format!("{}: {cause}", path.display())))
}

/// For its owner alone, and whole or not at all.
fn write(data: &Path, logins: &[Login]) -> Result<()> {
    let path = data.join(FILE);
    let fresh = data.join("demo.json.new");
    let text = serde_json::to_string_pretty(logins).map_err(|cause| Error::internal(cause.to_string()))?;
    let written = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut file| {
            writeln!(file, "{text}")?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&fresh, &path));
    written.map_err(|cause| Error::internal(format!("{}: {cause}", path.display())))
}

/// The account of this name.
pub(super) fn account_id(making: &Making<'_>, username: &str) -> AccountId {
    making.id(&format!("account/{username}"), moment(two_tiers(), 8))
}

/// Where a role holds.
enum At {
    Everywhere,
    Council,
    Agency(AgencyId),
    Unit,
}

/// Somebody who signs in.
struct Person {
    role: &'static str,
    username: &'static str,
    name: String,
    /// The place by its key.
    place: &'static str,
    at: At,
    /// Mandates: the council's key, and the units in which it was won.
    mandates: Vec<(&'static str, Vec<UnitId>)>,
}

fn people(councils: &Councils, agencies: &Agencies, units: &[UnitId]) -> Result<Vec<Person>> {
    let unit_of = |key: &str| councils.get(key).map(|council| council.unit_id);
    let here = |key: &str| {
        councils
            .get(key)
            .map(|council| council.name.trim_start_matches("HĐND ").to_owned())
    };
    let body = |key: &str, begin: &str| -> Result<AgencyId> {
        let found = agencies.like(unit_of(key)?, begin).map(|agency| agency.id);
        found.ok_or_else(|| Error::internal(format!("the demo has no {begin} at {key}")))
    };
    let mut all = Vec::new();
    let mut add = |role, username, place, title: &str, at| -> Result<()> {
        all.push(Person {
            role,
            username,
            name: format!("{title} {}", here(place)?),
            place,
            at,
            mandates: Vec::new(),
        });
        Ok(())
    };
    add(
        "administrator",
        "quantri",
        "tayninh",
        "Quản trị hệ thống",
        At::Everywhere,
    )?;
    add(
        "office",
        "vanphong.tanhung",
        "tanhung",
        "Văn phòng HĐND",
        At::Council,
    )?;
    add(
        "office",
        "vanphong.vinhthanh",
        "vinhthanh",
        "Văn phòng HĐND",
        At::Council,
    )?;
    add(
        "office",
        "vanphong.tayninh",
        "tayninh",
        "Văn phòng HĐND",
        At::Council,
    )?;
    add(
        "office",
        "vanphong.tuyenquang",
        "tuyenquang",
        "Văn phòng HĐND",
        At::Council,
    )?;
    add(
        "standing_committee",
        "thuongtruc.tanhung",
        "tanhung",
        "Thường trực HĐND",
        At::Council,
    )?;
    add(
        "committee",
        "ban.tanhung",
        "tanhung",
        "Ban Kinh tế - Ngân sách HĐND",
        At::Council,
    )?;
    add(
        "front_officer",
        "mttq.tanhung",
        "tanhung",
        "Ủy ban MTTQ",
        At::Council,
    )?;
    add(
        "group_head",
        "totruong.tanhung",
        "tanhung",
        "Tổ trưởng tổ đại biểu số 1 HĐND",
        At::Council,
    )?;
    let delegation = At::Agency(body("tayninh", "Đoàn ĐBQH")?);
    add(
        "assembly_office",
        "doandbqh.tayninh",
        "tayninh",
        "Văn phòng Đoàn ĐBQH",
        delegation,
    )?;
    add(
        "agency",
        "ubnd.tanhung",
        "tanhung",
        "UBND",
        At::Agency(body("tanhung", "UBND")?),
    )?;
    add(
        "agency",
        "ubnd.vinhthanh",
        "vinhthanh",
        "UBND",
        At::Agency(body("vinhthanh", "UBND")?),
    )?;
    let department = At::Agency(body("tayninh", "Sở Xây dựng")?);
    add(
        "agency",
        "soxaydung.tayninh",
        "tayninh",
        "Sở Xây dựng",
        department,
    )?;
    add(
        "aggregator",
        "tonghop.tayninh",
        "tayninh",
        "Đơn vị tổng hợp",
        At::Unit,
    )?;
    add(
        "auditor",
        "kiemtra.tayninh",
        "tayninh",
        "Kiểm tra, kiểm toán",
        At::Council,
    )?;
    let protection = "Phụ trách bảo vệ dữ liệu cá nhân";
    add(
        "data_protection_officer",
        "baovedulieu.tanhung",
        "tanhung",
        protection,
        At::Council,
    )?;

    let mut elected =
        |username, place, title: &str, mandates: Vec<(&'static str, Vec<UnitId>)>| -> Result<()> {
            all.push(Person {
                role: "delegate",
                username,
                name: format!("{title} {}", here(place)?),
                place,
                at: At::Council,
                mandates,
            });
            Ok(())
        };
    let commune = |key: &'static str| -> Result<_> { Ok(vec![(key, vec![unit_of(key)?])]) };
    let first = "Đại biểu thứ nhất, HĐND";
    elected("daibieu1.tanhung", "tanhung", first, commune("tanhung")?)?;
    elected(
        "daibieu2.tanhung",
        "tanhung",
        "Đại biểu thứ hai, HĐND",
        commune("tanhung")?,
    )?;
    elected("daibieu1.vinhthanh", "vinhthanh", first, commune("vinhthanh")?)?;
    elected("daibieu1.gialoc", "gialoc", first, commune("gialoc")?)?;
    elected("daibieu1.thachthat", "thachthat", first, commune("thachthat")?)?;
    // One person with two mandates, the higher one won in four communes.
    let four = ["tanhung", "vinhthanh", "hungdien", "vinhchau"];
    let four = four.into_iter().map(unit_of).collect::<Result<Vec<_>>>()?;
    let both = vec![("tayninh", four), ("vinhchau", vec![unit_of("vinhchau")?])];
    elected("daibieu.tayninh", "tayninh", first, both)?;
    elected(
        "daibieu.tuyenquang",
        "tuyenquang",
        first,
        vec![("tuyenquang", units.to_vec())],
    )?;
    if let Some(head) = all.iter_mut().find(|person| person.role == "group_head") {
        head.mandates = commune("tanhung")?;
    }
    Ok(all)
}

/// Makes the accounts, their rights and mandates; first their file, so that no password is ever lost.
pub(super) async fn make(
    making: &Making<'_>,
    councils: &Councils,
    agencies: &Agencies,
    data: &Path,
) -> Result<()> {
    let state = making.state;
    let reference = state.reference();
    // Communes of Tuyên Quang whose former communes asked for something.
    let province = councils.get("tuyenquang")?.unit_id;
    let heirs = agencies.communes_in(&reference.units, province);
    let people = people(councils, agencies, &heirs)?;

    let logins = people.iter().map(|person| {
        let unit: Option<&unit::Model> = reference.units.get(councils.get(person.place)?.unit_id);
        let unit = unit.ok_or_else(|| Error::internal("a council without a unit"))?;
        Ok(Login {
            role: person.role.to_owned(),
            username: person.username.to_owned(),
            password: Password::random(state.entropy.as_ref()).text().to_owned(),
            unit: unit.name.clone(),
            unit_id: unit.id.to_string(),
        })
    });
    let logins = logins.collect::<Result<Vec<_>>>()?;
    write(data, &logins)?;
    let hashes = logins.iter().map(|login| {
        let password = Password::attempt(&login.password);
        state.passwords.hash(password, state.entropy.as_ref())
    });
    let hashes = try_join_all(hashes).await?;

    let mut put = Put::default();
    for (person, hash) in people.iter().zip(hashes) {
        let council = councils.get(person.place)?;
        let since = moment(two_tiers(), 8);
        let group = put.group();
        let province = reference
            .units
            .province(council.unit_id)
            .map(|province| province.id.to_string());
        let row = account::Model {
            id: account_id(making, person.username),
            username: person.username.to_owned(),
            name: person.name.clone(),
            password_hash: hash,
            clock: province.unwrap_or_default(),
            disabled_at: None,
            created_at: since,
            rev: 0,
        };
        group.event(making.event("account", row.id, "created", since));
        if person.role != "delegate" {
            let mut grant = role_grant::Model {
                id: making.id(&format!("grant/{}", person.username), since),
                account_id: row.id,
                role: person.role.to_owned(),
                council_id: None,
                agency_id: None,
                unit_id: None,
                valid_from: two_tiers(),
                valid_to: None,
            };
            match person.at {
                At::Everywhere => {}
                At::Council => grant.council_id = Some(council.id),
                At::Agency(agency) => grant.agency_id = Some(agency),
                At::Unit => grant.unit_id = Some(council.unit_id),
            }
            group.row(grant);
        }
        for (key, units) in &person.mandates {
            let council = councils.get(key)?;
            let name = format!("{}/{key}", person.username);
            mandate(making, group, (&name, &person.name), Some(row.id), council, units);
        }
        group.row(row);
    }
    // Most delegates of a council never sign in here; one each stands for them.
    for (key, council) in councils.of_today() {
        let name = format!("Đại biểu chưa dùng hệ thống, {}", council.name);
        mandate(
            making,
            put.group(),
            (key, &name),
            None,
            council,
            &[council.unit_id],
        );
    }
    put.write(state).await
}

fn mandate(
    making: &Making<'_>,
    group: &mut Group,
    (key, name): (&str, &str),
    account: Option<AccountId>,
    council: &council::Model,
    units: &[UnitId],
) {
    let since = moment(council.valid_from, 8);
    let id: DelegateId = making.id(&format!("delegate/{key}"), since);
    group.row(delegate::Model {
        id,
        account_id: account,
        council_id: council.id,
        group_id: Some(making.id(&format!("group/{}/1", council.id), since)),
        name: name.to_owned(),
        full_time: false,
        valid_from: council.valid_from,
        valid_to: None,
        end_reason: None,
        rev: 0,
    });
    let mut happened = making.event("delegate", id, "created", since);
    happened.council_id = Some(council.id);
    group.event(happened);
    for unit in units {
        group.row(constituency::Model {
            delegate_id: id,
            unit_id: *unit,
        });
    }
}
