use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::error::Lang;

const UNITS: &[u8] = include_bytes!("../../../reference/administrative_units.csv");
const SUCCESSIONS: &[u8] = include_bytes!("../../../reference/unit_successions.csv");
const HEADER: &str = "code,name,level,kind,parent_code,valid_from,valid_to\n";

fn merger() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 7, 1).unwrap()
}

fn former(level: Level, code: &str) -> Uuid {
    unit_id(level, code, None)
}

fn current(level: Level, code: &str) -> Uuid {
    unit_id(level, code, Some(merger()))
}

fn units(rows: &str) -> UnitsRead {
    read_units(format!("{HEADER}{rows}").as_bytes(), &[])
}

fn problems(rows: &str) -> Vec<(u64, Problem)> {
    units(rows).problems.iter().map(|p| (p.line, p.problem)).collect()
}

#[test]
fn the_delivered_list_of_units_is_read_whole() {
    let read = read_units(UNITS, &[]);
    assert_eq!(read.problems, []);
    assert_eq!(read.records.len(), 14_165);
    let mut counts: HashMap<(Level, bool), usize> = HashMap::new();
    for unit in &read.records {
        *counts.entry((unit.level, unit.valid_to.is_none())).or_default() += 1;
    }
    for (key, count) in [
        ((Level::Province, true), 34),
        ((Level::Commune, true), 3_321),
        ((Level::Province, false), 63),
        ((Level::District, false), 696),
        ((Level::Commune, false), 10_051),
    ] {
        assert_eq!(counts.remove(&key), Some(count), "{key:?}");
    }
    assert!(counts.is_empty());
    let ids: BTreeSet<_> = read.records.iter().map(|unit| unit.id).collect();
    assert_eq!(ids.len(), read.records.len());
}

#[test]
fn ids_are_the_same_everywhere_and_for_ever() {
    // These two values are in the databases of installations.
    assert_eq!(
        current(Level::Commune, "00070").to_string(),
        "dfb6f55f-751f-53de-b5ed-85801dac9e95"
    );
    assert_eq!(
        former(Level::Province, "01").to_string(),
        "613d604c-7c37-56c0-ba75-1040c540c74b"
    );
    assert_eq!(
        former(Level::Province, "01"),
        Uuid::new_v5(&NAMESPACE, b"province/01/")
    );
}

#[test]
fn the_unit_above_is_the_one_of_its_time() {
    let read = read_units(UNITS, &[]);
    let parent = |id: Uuid| read.records.iter().find(|unit| unit.id == id).unwrap().parent_id;
    // 10999 was a township of Gia Lộc in Hải Dương and is a commune of Hải Phòng.
    assert_eq!(
        parent(former(Level::Commune, "10999")),
        Some(former(Level::District, "297"))
    );
    assert_eq!(
        parent(current(Level::Commune, "10999")),
        Some(current(Level::Province, "31"))
    );
    assert_eq!(
        parent(former(Level::District, "297")),
        Some(former(Level::Province, "30"))
    );
    assert_eq!(parent(current(Level::Province, "31")), None);
    let above: HashMap<_, _> = read.records.iter().map(|unit| (unit.id, unit.level)).collect();
    for unit in &read.records {
        assert_eq!(unit.parent_id.is_some(), unit.level != Level::Province);
        assert!(unit.parent_id.is_none_or(|id| above[&id] < unit.level));
    }
}

#[test]
fn what_the_delivered_successions_leave_open_is_reported_exactly() {
    let units = read_units(UNITS, &[]).records;
    let read = read_successions(Some(SUCCESSIONS), &units, &[]);
    assert_eq!(read.problems, []);
    let (stated, derived): (Vec<_>, Vec<_>) = read.edges.iter().partition(|edge| !edge.derived);
    assert_eq!(stated.len(), 10_629 - 11);
    assert_eq!(derived.len(), 3_647 + 5);
    assert!(stated.iter().all(|edge| edge.line.is_some()) && derived.iter().all(|edge| edge.line.is_none()));

    let of = |reason| {
        read.gaps
            .iter()
            .filter(move |gap| gap.reason == reason)
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = of(GapReason::UnknownPredecessor)
        .iter()
        .map(|gap| (gap.line, gap.from_code.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            (1606, "03980"),
            (1610, "03984"),
            (1611, "03983"),
            (8593, "26929"),
            (8599, "26953"),
            (8640, "27076"),
            (8641, "27076"),
            (8682, "27226"),
            (8686, "27232"),
            (8722, "27367"),
            (8723, "27373"),
        ]
    );
    assert_eq!(
        rows.iter().map(|&(_, code)| code).collect::<BTreeSet<_>>().len(),
        10
    );
    assert_eq!(of(GapReason::UnknownSuccessor), Vec::<&Gap>::new());

    let ended: Vec<_> = of(GapReason::NoSuccessor)
        .iter()
        .map(|gap| gap.from_code.as_str())
        .collect();
    assert_eq!(
        ended,
        [
            "01651", "02482", "03751", "03898", "03913", "03988", "03991", "04003", "04060", "07693",
            "07732", "07744", "16387", "16411", "18448", "20176", "20674", "25102", "25174", "25177",
            "25186", "26935", "26959", "27067", "27217", "27223", "27361", "27379",
        ]
    );
    let lines: Vec<&str> = std::str::from_utf8(UNITS).unwrap().lines().collect();
    for gap in of(GapReason::NoSuccessor) {
        assert_eq!(gap.level, Level::Commune);
        assert!(
            lines[gap.line as usize - 1].starts_with(&gap.from_code),
            "{gap:?}"
        );
    }
}

#[test]
fn known_mergers() {
    let units = read_units(UNITS, &[]).records;
    let edges = read_successions(Some(SUCCESSIONS), &units, &[]).edges;
    let by_id: HashMap<_, _> = units.iter().map(|unit| (unit.id, unit)).collect();
    let successors = |id: Uuid| -> BTreeSet<&str> {
        edges
            .iter()
            .filter(|edge| edge.from_id == id)
            .map(|edge| by_id[&edge.to_id].code.as_str())
            .collect()
    };
    let provinces = |id: Uuid| -> BTreeSet<&str> {
        let to = edges
            .iter()
            .filter(|edge| edge.from_id == id)
            .filter_map(|edge| by_id[&edge.to_id].parent_id);
        to.map(|parent| by_id[&parent].name.as_str()).collect()
    };

    let tan_hung = former(Level::District, "796");
    assert_eq!(
        successors(tan_hung),
        BTreeSet::from(["27721", "27727", "27736", "27748"])
    );
    assert_eq!(provinces(tan_hung), BTreeSet::from(["Tỉnh Tây Ninh"]));
    let gia_loc = former(Level::District, "297");
    assert_eq!(
        successors(gia_loc),
        BTreeSet::from(["10999", "11020", "11050", "11065", "11002"])
    );
    assert_eq!(provinces(gia_loc), BTreeSet::from(["Thành phố Hải Phòng"]));
    assert_eq!(successors(former(Level::District, "276")).len(), 7, "Thạch Thất");
    // Bắc Kạn and Thái Nguyên.
    assert_eq!(successors(former(Level::Province, "06")), BTreeSet::from(["19"]));
    assert_eq!(successors(former(Level::Province, "19")), BTreeSet::from(["19"]));
    // The old commune Vĩnh Thạnh did not go into the new commune Vĩnh Thạnh (27736).
    assert_eq!(
        successors(former(Level::Commune, "27739")),
        BTreeSet::from(["27721"])
    );

    let hoan_kiem = current(Level::Commune, "00070");
    let sources: Vec<_> = edges
        .iter()
        .filter(|edge| edge.to_id == hoan_kiem && !edge.derived)
        .collect();
    assert_eq!(sources.len(), 14);

    let districts: Vec<_> = units
        .iter()
        .filter(|unit| unit.level == Level::District)
        .collect();
    assert!(
        districts.iter().all(|unit| !successors(unit.id).is_empty()),
        "all 696 districts have successors"
    );
    for (code, zone) in [
        ("318", "11948"),
        ("471", "19742"),
        ("498", "20333"),
        ("536", "21548"),
        ("755", "26732"),
    ] {
        assert_eq!(
            successors(former(Level::District, code)),
            BTreeSet::from([zone]),
            "an island"
        );
    }
    for edge in &edges {
        let (from, to) = (by_id[&edge.from_id], by_id[&edge.to_id]);
        assert_eq!((from.valid_to, to.valid_from), (Some(edge.date), Some(edge.date)));
    }
}

#[test]
fn a_district_passes_partly_unless_all_its_communes_passed_wholly() {
    let read = units(
        "01,Tỉnh A,province,province,,,2025-07-01\n\
         001,Huyện B,district,rural_district,01,,2025-07-01\n\
         002,Huyện C,district,rural_district,01,,2025-07-01\n\
         003,Huyện D,district,rural_district,01,,2025-07-01\n\
         00001,Xã B1,commune,commune,001,,2025-07-01\n\
         00002,Xã B2,commune,commune,001,,2025-07-01\n\
         00003,Xã C1,commune,commune,002,,2025-07-01\n\
         00004,Xã C2,commune,commune,002,,2025-07-01\n\
         00005,Xã D1,commune,commune,003,,2025-07-01\n\
         01,Tỉnh A,province,province,,2025-07-01,\n\
         00001,Xã M,commune,commune,01,2025-07-01,\n\
         00003,Xã N,commune,commune,01,2025-07-01,\n",
    );
    assert_eq!(read.problems, []);
    let list = "level,from_code,to_code,partly,date\n\
                province,01,01,false,2025-07-01\n\
                commune,00001,00001,false,2025-07-01\n\
                commune,00002,00001,false,2025-07-01\n\
                commune,00003,00003,false,2025-07-01\n\
                commune,00005,00001,true,2025-07-01\n";
    let found = read_successions(Some(list.as_bytes()), &read.records, &[]);
    let derived: Vec<_> = found
        .edges
        .iter()
        .filter(|e| e.derived)
        .map(|e| (e.from_id, e.to_id, e.partly))
        .collect();
    let (m, n) = (current(Level::Commune, "00001"), current(Level::Commune, "00003"));
    assert_eq!(
        derived,
        [
            (former(Level::District, "001"), m, false),
            // Nobody knows what became of C2.
            (former(Level::District, "002"), n, true),
            (former(Level::District, "003"), m, true),
        ]
    );
    assert_eq!(found.gaps.len(), 1);
    assert_eq!(
        (found.gaps[0].line, found.gaps[0].from_code.as_str()),
        (9, "00004")
    );
}

#[test]
fn every_broken_row_is_reported_with_its_line_and_stops_nothing() {
    let mut bytes = Vec::from("\u{feff}code,name,level,kind,parent_code,valid_from,valid_to\r\n");
    for row in [
        "01,Tỉnh A,province,tỉnh,,,\r\n",
        "\r\n",
        "02,,province,province,,,\r\n",
        "03,Tỉnh C,region,province,,,\r\n",
        "04,Tỉnh D,province,huyện,,,\r\n",
        "05,Tỉnh E,province,province,,2025-13-01,\r\n",
        "06,Tỉnh F,province,province,,2025-7-1,\r\n",
        "07,Tỉnh G,province,province,,2025-07-01,2025-07-01\r\n",
        "01,Tỉnh A,province,province,,,\r\n",
        "01,Tỉnh A,province,province,,2026-01-01,\r\n",
        "00001,Xã H,commune,xã,99,,\r\n",
        "00002,Xã I,commune,xã,,,\r\n",
        "00003,Xã K,commune,xã,01\r\n",
        "00004,Xã L,commune,xã,01,,,\r\n",
        "00005,\"Xã M,commune,xã,01,,\r\n",
        ",Xã N,commune,xã,01,,\r\n",
        "a/b,Xã O,commune,xã,01,,\r\n",
        "00006,Xã \u{202e}P,commune,xã,01,,\r\n",
    ] {
        bytes.extend(row.as_bytes());
    }
    bytes.extend(b"00007,X\xe3 Q,commune,commune,01,,\r\n");
    bytes.extend("00008,\"Xã \"\"R\"\", S\", commune ,Đặc khu,01,,".as_bytes());
    let read = read_units(&bytes, &[]);
    use Problem::*;
    let found: Vec<_> = read
        .problems
        .iter()
        .map(|p| (p.line, p.code.as_str(), p.problem))
        .collect();
    assert_eq!(
        found,
        [
            (4, "02", MissingName),
            (5, "03", UnknownLevel),
            (6, "04", UnknownKind),
            (7, "05", BadDate),
            (8, "06", BadDate),
            (9, "07", EmptyPeriod),
            (10, "01", Duplicate),
            (11, "01", Overlap),
            (12, "00001", UnknownParent),
            (13, "00002", UnknownParent),
            (14, "00003", ColumnCount),
            (15, "00004", ColumnCount),
            (16, "00005", BadQuote),
            (17, "", BadCode),
            (18, "a/b", BadCode),
            (19, "00006", BadName),
            (20, "00007", BadEncoding),
        ]
    );
    let kept: Vec<_> = read
        .records
        .iter()
        .map(|unit| (unit.line, unit.name.as_str(), unit.kind))
        .collect();
    assert_eq!(
        kept,
        [
            (2, "Tỉnh A", Kind::Province),
            (21, "Xã \"R\", S", Kind::SpecialZone)
        ]
    );
    assert!(
        read.problems
            .iter()
            .all(|p| p.problem.message(Lang::Vi) != p.problem.message(Lang::En))
    );
}

#[test]
fn another_file_is_refused_at_its_first_line() {
    for bytes in [
        &b""[..],
        b"\n\n",
        b"code;name\n",
        SUCCESSIONS,
        b"\xff\xfec\0o\0d\0e\0",
    ] {
        let read = read_units(bytes, &[]);
        assert_eq!(read.records, []);
        assert_eq!(
            read.problems,
            [LineProblem {
                line: 1,
                code: String::new(),
                problem: Problem::WrongHeader
            }]
        );
    }
    assert_eq!(problems(""), []);
}

#[test]
fn broken_successions_are_reported() {
    let units = read_units(UNITS, &[]).records;
    let rows = [
        "village,1,2,false,2025-07-01",
        "province,01,01,maybe,2025-07-01",
        "province,01,01,false,1/7/2025",
        "province,,01,false,2025-07-01",
        "province,01,01",
        "province,01,01,false,2025-07-01",
        "province,01,01,true,2025-07-01",
        "province,01,01,false,2025-07-02",
        "province,01,02,false,2025-07-01",
    ];
    let list = format!("level,from_code,to_code,partly,date\n{}", rows.join("\n"));
    let read = read_successions(Some(list.as_bytes()), &units, &[]);
    use Problem::*;
    let found: Vec<_> = read.problems.iter().map(|p| (p.line, p.problem)).collect();
    assert_eq!(
        found,
        [
            (2, UnknownLevel),
            (3, BadFlag),
            (4, BadDate),
            (5, BadCode),
            (6, ColumnCount),
            (8, Duplicate)
        ]
    );
    let gaps: Vec<_> = read
        .gaps
        .iter()
        .filter(|gap| gap.reason != GapReason::NoSuccessor)
        .collect();
    assert_eq!(
        gaps.iter().map(|gap| (gap.line, gap.reason)).collect::<Vec<_>>(),
        [
            (9, GapReason::UnknownPredecessor),
            (10, GapReason::UnknownSuccessor)
        ]
    );
}

#[test]
fn known_successions_count_without_being_repeated() {
    let units = read_units(UNITS, &[]).records;
    let first = read_successions(Some(SUCCESSIONS), &units, &[]);
    let again = read_successions(None, &units, &first.edges);
    let derived = |read: &SuccessionsRead| read.edges.iter().filter(|edge| edge.derived).count();
    assert_eq!(
        (again.edges.len(), derived(&again)),
        (derived(&first), derived(&first))
    );
    assert!(again.gaps.iter().all(|gap| gap.reason == GapReason::NoSuccessor));
    assert_eq!(again.gaps.len(), 28);
}

#[test]
fn a_newer_list_may_lean_on_what_is_known() {
    let known = read_units(UNITS, &[]).records;
    let list = format!(
        "{HEADER}00070,Phường Hoàn Kiếm,commune,ward,01,2025-07-01,2027-01-01\n\
         00070,Phường Hoàn Kiếm Mới,commune,ward,01,2027-01-01,\n"
    );
    let read = read_units(list.as_bytes(), &known);
    assert_eq!(read.problems, []);
    assert_eq!(read.records[0].id, current(Level::Commune, "00070"));
    assert_eq!(read.records[1].parent_id, Some(current(Level::Province, "01")));
    // A new version while a known one still stands, which the list does not end: nothing is guessed.
    let list = format!("{HEADER}00070,Phường Hoàn Kiếm Mới,commune,ward,01,2027-01-01,\n");
    assert_eq!(
        read_units(list.as_bytes(), &known).problems[0].problem,
        Problem::Overlap
    );
    // The same list twice is the same list.
    assert_eq!(read_units(UNITS, &known).records, known);
}

#[test]
fn kinds_may_be_named_in_vietnamese() {
    for (level, word, code) in [
        (Level::Province, "Tỉnh", "province"),
        (Level::Province, "thành phố", "city"),
        (Level::District, "Thành phố", "provincial_city"),
        (Level::District, "huyện", "rural_district"),
        (Level::District, "quận", "urban_district"),
        (Level::District, "thị xã", "town"),
        (Level::Commune, "xã", "commune"),
        (Level::Commune, "Phường", "ward"),
        (Level::Commune, "thị trấn", "township"),
        (Level::Commune, "ĐẶC KHU", "special_zone"),
        (Level::Commune, "special_zone", "special_zone"),
    ] {
        assert_eq!(Kind::parse(level, word).map(Kind::code), Some(code), "{word}");
        assert!(crate::codes::find("unit_kind", code).is_some());
    }
    assert_eq!(Kind::parse(Level::Commune, "huyện"), None);
    assert_eq!(Kind::parse(Level::Commune, ""), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived_and_every_line_is_accounted_for(
        lines in prop::collection::vec("[0-9a-zã\",]{0,24}|[0-9]{2},[A-Z]{1,3},province,tỉnh,,,", 0..20),
        noise in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let body = lines.join("\n");
        let read = units(&body);
        let used = lines.iter().filter(|line| !line.trim().is_empty()).count();
        prop_assert_eq!(read.records.len() + read.problems.len(), used);
        let mut bytes = Vec::from(HEADER);
        bytes.extend(noise);
        let records = read_units(&bytes, &[]).records;
        read_successions(Some(&bytes), &records, &[]);
    }
}
