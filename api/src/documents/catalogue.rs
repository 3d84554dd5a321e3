//! What may stand in a placeholder, with what it means: the table of docs/documents.md.

use super::DocumentKind;

/// A name that may stand in `{{...}}`.
pub struct Field {
    /// The list of which it is part; a row or paragraph that names it is repeated.
    pub list: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
    /// What stands there, in Vietnamese.
    pub means: &'static str,
}

const fn one(name: &'static str, means: &'static str) -> Field {
    Field {
        list: None,
        name,
        means,
    }
}

const fn of(list: &'static str, name: &'static str, means: &'static str) -> Field {
    Field {
        list: Some(list),
        name,
        means,
    }
}

/// What every document has.
pub const COMMON: &[Field] = &[
    one("co_quan", "Cơ quan ban hành, chữ hoa: HỘI ĐỒNG NHÂN DÂN"),
    one("don_vi", "Đơn vị hành chính, chữ hoa"),
    one("ten_hdnd", "Tên đầy đủ của Hội đồng nhân dân"),
    one("nhiem_ky", "Nhiệm kỳ"),
    one("so_van_ban", "Số và ký hiệu; chưa có số thì để trống phần số"),
    one("dia_danh", "Địa danh ghi trên văn bản"),
    one("ngay_van_ban", "ngày … tháng … năm …; chưa có thì để trống"),
    one(
        "quyen_han_ky",
        "Quyền hạn của người ký: TM. THƯỜNG TRỰC HỘI ĐỒNG NHÂN DÂN",
    ),
    one("chuc_vu_ky", "CHỦ TỊCH, hoặc KT. CHỦ TỊCH / PHÓ CHỦ TỊCH"),
    one("nguoi_ky", "Họ tên người ký; chưa ghi thì để trống"),
    one(
        "so_lieu_tinh_den",
        "Ngày chốt số liệu của mọi con số trong văn bản",
    ),
    one("noi_nhan", "Các nơi nhận, mỗi nơi một dòng"),
];

/// What a kind of document has besides.
pub(super) fn own(kind: DocumentKind) -> impl Iterator<Item = &'static Field> {
    let parts: &[&[Field]] = match kind {
        DocumentKind::ContactPlan => &[PLAN],
        DocumentKind::ContactMinutes => &[MINUTES],
        DocumentKind::Synthesis => &[SYNTHESIS, PETITION, PLACE, SYNTHESIS_LINE],
        DocumentKind::Forwarding => &[FORWARDING, PETITION, PLACE, FORWARDED],
        DocumentKind::Urging => &[URGING, PETITION, PLACE, URGED],
        DocumentKind::PetitionResults => &[RESULTS, BY_AGENCY, BY_FIELD, PETITION, PLACE, RESULT],
    };
    parts.iter().copied().flatten()
}

/// What stands of a petition in every list of them.
const PETITION: &[Field] = &[
    of("kien_nghi", "stt", "Số thứ tự"),
    of("kien_nghi", "so", "Số kiến nghị của Hội đồng"),
    of("kien_nghi", "tieu_de", "Tiêu đề"),
    of(
        "kien_nghi",
        "noi_dung",
        "Nội dung kiến nghị, kèm “(đã đề nghị N lần)” nếu cử tri đã đề nghị trước đó",
    ),
    of("kien_nghi", "linh_vuc", "Lĩnh vực"),
];
const PLACE: &[Field] = &[of("kien_nghi", "noi_kien_nghi", "Nơi cử tri kiến nghị")];

const PLAN: &[Field] = &[
    one("ten_dot", "Tên đợt tiếp xúc cử tri"),
    one("loai", "Loại tiếp xúc cử tri"),
    one("ky_hop", "Kỳ họp mà đợt này đi trước hoặc theo sau"),
    one("tu_ngay", "Ngày đầu của đợt"),
    one("den_ngay", "Ngày cuối của đợt"),
    one("so_diem", "Số điểm tiếp xúc theo kế hoạch"),
    one("so_diem_da_nhap", "Số điểm đã ấn định"),
    of("noi_dung", "doan", "Từng đoạn của nội dung tiếp xúc"),
    of("diem", "stt", "Số thứ tự của điểm tiếp xúc"),
    of("diem", "ten", "Tên cuộc tiếp xúc"),
    of("diem", "thoi_gian", "Giờ, ngày"),
    of("diem", "dia_diem", "Địa điểm"),
    of("diem", "don_vi", "Các đơn vị hành chính có cử tri dự"),
    of("diem", "hinh_thuc", "Trực tiếp, trực tuyến hoặc kết hợp"),
    of("diem", "dai_bieu", "Các đại biểu được mời"),
    one("quy_trinh", "Tên quy trình của đợt; không có thì để trống"),
    of("viec", "ten", "Từng bước của quy trình, theo thời hạn"),
    of("viec", "phu_trach", "Ai làm"),
    of("viec", "van_ban", "Loại văn bản: KH, GM, TB, BC …"),
    of("viec", "han", "Chậm nhất ngày nào"),
];

const MINUTES: &[Field] = &[
    one("ten_cuoc", "Tên cuộc tiếp xúc"),
    one("loai", "Loại tiếp xúc cử tri"),
    one("bat_dau", "Giờ, ngày bắt đầu"),
    one("ket_thuc", "Giờ, ngày kết thúc"),
    one("dia_diem", "Địa điểm"),
    one("don_vi_cu_tri", "Các đơn vị hành chính có cử tri dự"),
    one("dai_bieu", "Các đại biểu đã dự"),
    one("thu_ky", "Thư ký; để trống để ký"),
    one("so_moi", "Số cử tri được mời"),
    one("so_cu_tri", "Số cử tri tham dự"),
    one("so_phat_bieu", "Lượt phát biểu"),
    one("so_y_kien", "Số ý kiến, kiến nghị"),
    one(
        "so_phieu",
        "Số phiếu có trong danh sách = tại chỗ + đã chuyển + chưa chuyển",
    ),
    one("so_tra_loi_tai_cho", "Trả lời tại chỗ, không chuyển"),
    one("so_da_chuyen", "Đã chuyển cơ quan có thẩm quyền"),
    one("so_chua_chuyen", "Chưa chuyển"),
    one(
        "ngoai_ra",
        "Câu nói đại biểu các Hội đồng nhân dân khác cùng dự đã ghi bao nhiêu phiếu; không có thì để trống",
    ),
    of(
        "dien_bien",
        "doan",
        "Từng đoạn dự thảo biên bản mà đại biểu, thư ký đã ghi",
    ),
    of("y_kien", "stt", "Số thứ tự của ý kiến, kiến nghị"),
    of("y_kien", "loai", "Ý kiến, kiến nghị hay phản ánh"),
    of("y_kien", "noi", "Nơi cử tri nói đến"),
    of("y_kien", "noi_dung", "Nội dung"),
    of("y_kien", "tra_loi", "Trả lời tại chỗ"),
];

const SYNTHESIS: &[Field] = &[
    one("ten_bao_cao", "Tên báo cáo"),
    one("ten_dot", "Tên đợt tiếp xúc cử tri"),
    one("co_quan_lap", "Thường trực Hội đồng nhân dân, hoặc tổ đại biểu"),
    one("ban", "“Bản thứ …”, hoặc “Dự thảo” khi chưa chốt"),
    one("thay_the", "Số, ngày của bản bị thay thế, từ bản thứ hai"),
    one("ly_do", "Lý do lập lại, từ bản thứ hai"),
    one("nguoi_cung_ky", "Người ký của Mặt trận Tổ quốc"),
    one("ngay_cung_ky", "Ngày Mặt trận Tổ quốc cùng ký"),
    one("han_gui", "Hạn gửi"),
    one("so_diem", "Số điểm đã tổ chức"),
    one("so_y_kien", "Số lượt ý kiến, kiến nghị"),
    one("so_tai_cho", "Trả lời tại chỗ, không thành kiến nghị"),
    one(
        "so_truoc",
        "Số kiến nghị trước khi tách, nhập (lượt ý kiến trừ số trả lời tại chỗ)",
    ),
    one("so_sau", "Số kiến nghị sau khi tách, nhập"),
    of("phan_loai", "tham_quyen", "Thẩm quyền"),
    of("phan_loai", "linh_vuc", "Lĩnh vực"),
    of("phan_loai", "so_luong", "Số kiến nghị"),
];

const SYNTHESIS_LINE: &[Field] = &[
    of("kien_nghi", "tham_quyen", "Thẩm quyền"),
    of("kien_nghi", "so_y_kien", "Số lượt ý kiến"),
    of("kien_nghi", "ghi_chu", "Nhập từ mấy kiến nghị, tách từ số nào"),
];

const FORWARDING: &[Field] = &[
    one("kinh_gui", "Cơ quan chủ trì, hoặc Hội đồng cấp trên"),
    one("co_quan_phoi_hop", "Các cơ quan phối hợp"),
    one(
        "han_tra_loi",
        "Hạn trả lời; hạn khác nhau thì là “ghi ở từng kiến nghị (từ … đến …)”",
    ),
    one("so_kien_nghi", "Số kiến nghị được chuyển"),
];

const FORWARDED: &[Field] = &[of("kien_nghi", "han_tra_loi", "Hạn trả lời kiến nghị đó")];

const URGING: &[Field] = &[
    one("kinh_gui", "Cơ quan bị đôn đốc"),
    one("so_kien_nghi", "Số kiến nghị đôn đốc = chưa trả lời + đã trả lời"),
    one("so_chua_tra_loi", "Số kiến nghị chưa trả lời"),
    one("so_qua_han", "Số kiến nghị chưa trả lời đã quá hạn"),
    one(
        "so_da_tra_loi",
        "Số kiến nghị đã trả lời mà cần trả lời rõ hơn hoặc báo cáo kết quả thực hiện",
    ),
    one(
        "tinh_hinh",
        "Câu nêu số kiến nghị chưa trả lời, quá hạn, và đã trả lời mà vẫn đôn đốc",
    ),
    one("de_nghi", "Đề nghị cơ quan làm gì, theo tình hình đó"),
    of("noi_dung", "doan", "Từng đoạn lời đôn đốc"),
];

const URGED: &[Field] = &[
    of("kien_nghi", "van_ban_chuyen", "Số, ngày văn bản chuyển"),
    of("kien_nghi", "han_tra_loi", "Hạn trả lời, kể cả gia hạn"),
    of(
        "kien_nghi",
        "tinh_trang",
        "Chưa trả lời, hoặc đã trả lời bằng văn bản nào",
    ),
    of("kien_nghi", "lan_don_doc", "Đôn đốc cơ quan này lần thứ mấy"),
];

const RESULTS: &[Field] = &[
    one("ky_hop", "Kỳ họp"),
    one("tu_ngay", "Ngày đầu kỳ số liệu"),
    one("den_ngay", "Ngày cuối kỳ số liệu"),
    one("ky_truoc", "Kiến nghị kỳ trước chuyển sang"),
    one("moi", "Mới trong kỳ"),
    one("tong", "Tổng số"),
    one("da_xong", "Đã xong"),
    one("con_lai", "Còn lại"),
];

macro_rules! by_outcome {
    ($list:literal, $whose:literal) => {
        &[
            of($list, "ten", $whose),
            of($list, "tong", "Tổng số"),
            of($list, "da_giai_quyet", "Đã giải quyết xong"),
            of($list, "dang_giai_quyet", "Đang giải quyết"),
            of($list, "da_giai_trinh", "Đã giải trình, cung cấp thông tin"),
            of($list, "chua_giai_quyet", "Chưa giải quyết được"),
            of($list, "tam_gac", "Tạm gác lại, có lộ trình"),
            of($list, "khong_tham_quyen", "Không thuộc thẩm quyền, đã chuyển"),
            of($list, "chua_tra_loi", "Chưa trả lời"),
        ]
    };
}

const BY_AGENCY: &[Field] = by_outcome!("theo_co_quan", "Cơ quan trả lời");
const BY_FIELD: &[Field] = by_outcome!("theo_linh_vuc", "Lĩnh vực");

const RESULT: &[Field] = &[
    of("kien_nghi", "tham_quyen", "Cấp thẩm quyền"),
    of("kien_nghi", "co_quan", "Cơ quan trả lời"),
    of("kien_nghi", "van_ban_tra_loi", "Số, ngày văn bản trả lời"),
    of("kien_nghi", "ket_qua", "Kết quả"),
    of(
        "kien_nghi",
        "thoi_han",
        "Lộ trình; chưa trả lời thì hạn trả lời, đã trả lời xong thì để trống",
    ),
    of("kien_nghi", "don_doc", "Số lần đôn đốc"),
    of("kien_nghi", "lap_lai", "Số lần kiến nghị lại"),
    of("kien_nghi", "tinh_trang", "Xong hay còn lại"),
    of("kien_nghi", "ghi_chu", "Kỳ trước chuyển sang, đã xong"),
];
