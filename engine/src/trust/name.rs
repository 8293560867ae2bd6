//! Distinguished names, compared as RFC 5280 §7.1 asks: by meaning, not by bytes.
//!
//! In: names in DER, and RFC 2253 text as logs hold it. Out: [`Name`]s. Two names are equal whatever string type, case, spacing or
//! escapes they were written with; a logged name may also stand in either order, as tools disagree about it.

use x509_parser::x509::X509Name;

/// Attribute types by their names in text (RFC 4514, OpenSSL, Java and others); the first of a type is the one shown.
const TYPES: [(&str, &str); 36] = [
    ("CN", "2.5.4.3"),
    ("commonName", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("surname", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("countryName", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("localityName", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("S", "2.5.4.8"),
    ("SP", "2.5.4.8"),
    ("stateOrProvinceName", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("streetAddress", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("organizationName", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("organizationalUnitName", "2.5.4.11"),
    ("title", "2.5.4.12"),
    ("T", "2.5.4.12"),
    ("description", "2.5.4.13"),
    ("businessCategory", "2.5.4.15"),
    ("postalCode", "2.5.4.17"),
    ("name", "2.5.4.41"),
    ("GN", "2.5.4.42"),
    ("givenName", "2.5.4.42"),
    ("initials", "2.5.4.43"),
    ("dnQualifier", "2.5.4.46"),
    ("pseudonym", "2.5.4.65"),
    ("organizationIdentifier", "2.5.4.97"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("userId", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("E", "1.2.840.113549.1.9.1"),
];
/// Before the name of a type whose OID is not known here.
const UNKNOWN: char = '?';

/// A distinguished name.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// RFC 2253 text, the most specific attribute first.
    shown: String,
    /// In DER's order, the most general attribute first; each relative name's attributes sorted.
    relative: Vec<Vec<Attribute>>,
}

/// An attribute in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    /// Dotted OID, or [`UNKNOWN`] and a name in lower case.
    kind: String,
    value: String,
}

impl Name {
    /// From a certificate.
    pub(super) fn from_der(name: &X509Name<'_>) -> Self {
        let mut relative = Vec::new();
        let mut shown: Vec<String> = Vec::new();
        for rdn in name.iter_rdn() {
            let (mut attributes, mut texts) = (Vec::new(), Vec::new());
            for attribute in rdn.iter() {
                let kind = attribute.attr_type().to_id_string();
                let value = decoded(attribute.attr_value().header.tag().0, attribute.attr_value().data);
                texts.push(format!("{}={}", shown_type(&kind), escaped(&value)));
                attributes.push(Attribute { kind, value: canonical(&value) });
            }
            attributes.sort();
            relative.push(attributes);
            shown.push(texts.join("+"));
        }
        shown.reverse();
        Self { shown: shown.join(","), relative }
    }

    /// From RFC 2253 text, and its relatives (RFC 4514, RFC 1779); `None` if it is no such text.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut relative = super::rdn::relative_names(text)?;
        relative.reverse();
        let relative = relative.into_iter().map(|rdn| {
            let mut rdn: Vec<_> =
                rdn.into_iter().map(|(kind, value)| Attribute { kind: kind_of(&kind), value: canonical(&value) }).collect();
            rdn.sort();
            rdn
        });
        Some(Self { shown: text.to_owned(), relative: relative.collect() })
    }

    /// Whether it is the name of the same subject, in the same order.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.relative == other.relative
    }

    /// Whether `logged` text can be this name: in either order, types that only one side knows by name taken on trust.
    pub(super) fn is_logged_as(&self, logged: &Self) -> bool {
        let pairs = || self.relative.iter().zip(&logged.relative);
        let reversed = || self.relative.iter().zip(logged.relative.iter().rev());
        self.relative.len() == logged.relative.len() && (pairs().all(are_alike) || reversed().all(are_alike))
    }

    /// What it is found by: equal for names that are equal.
    pub(super) fn key(&self) -> String {
        let mut key = String::new();
        for attribute in self.relative.iter().flat_map(|rdn| rdn.iter().map(Some).chain([None])) {
            match attribute {
                Some(attribute) => key.extend([attribute.kind.as_str(), "=", &attribute.value, "\u{1}"]),
                None => key.push('\u{2}'),
            }
        }
        key
    }

    /// Characters of its text.
    pub(super) fn characters(&self) -> usize {
        self.shown.chars().count()
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.shown.is_empty() {
            return formatter.write_str("(empty name)");
        }
        formatter.write_str(&super::text::brief(&self.shown))
    }
}

fn are_alike((ours, logged): (&Vec<Attribute>, &Vec<Attribute>)) -> bool {
    ours.len() == logged.len() && ours.iter().all(|one| logged.iter().any(|other| is_alike(one, other)))
}

fn is_alike(ours: &Attribute, logged: &Attribute) -> bool {
    let unknown = logged.kind.starts_with(UNKNOWN) && TYPES.iter().all(|(_, oid)| *oid != ours.kind);
    (ours.kind == logged.kind || unknown) && ours.value == logged.value
}

fn shown_type(oid: &str) -> &str {
    TYPES.iter().find(|(_, known)| *known == oid).map_or(oid, |(name, _)| name)
}

/// A type in text as a dotted OID if it is known.
fn kind_of(text: &str) -> String {
    let text = text.trim();
    let text = text.get(..4).filter(|start| start.eq_ignore_ascii_case("oid.")).and_then(|_| text.get(4..)).unwrap_or(text);
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.to_owned();
    }
    let known = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map_or_else(|| format!("{UNKNOWN}{}", text.to_ascii_lowercase()), |(_, oid)| (*oid).to_owned())
}

/// The text of a DER string of any type; `#` and hex of what is none.
pub(super) fn decoded(tag: u32, content: &[u8]) -> String {
    let text = match tag {
        // UTF8String, NumericString, PrintableString, IA5String, VisibleString, GeneralString: UTF-8 in the wild, Latin-1 where not.
        12 | 18 | 19 | 22 | 26 | 27 => Some(String::from_utf8(content.to_vec()).unwrap_or_else(|_| latin1(content))),
        // TeletexString is Latin-1 to everyone but its standard.
        20 => Some(latin1(content)),
        28 => utf32(content),
        30 => utf16(content),
        _ => None,
    };
    text.unwrap_or_else(|| content.iter().fold("#".to_owned(), |text, byte| text + &format!("{byte:02x}")))
}

fn latin1(content: &[u8]) -> String {
    content.iter().copied().map(char::from).collect()
}

fn utf16(content: &[u8]) -> Option<String> {
    let (pairs, rest) = content.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
    rest.is_empty().then(|| String::from_utf16_lossy(&units))
}

fn utf32(content: &[u8]) -> Option<String> {
    let (units, rest) = content.as_chunks::<4>();
    let text = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect::<Option<String>>();
    text.filter(|_| rest.is_empty())
}

/// A value as it is compared: case and the amount of white space do not count (RFC 4518, simplified).
fn canonical(value: &str) -> String {
    let folded = value.to_lowercase();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as RFC 2253 writes it.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, c) in value.char_indices() {
        let at_an_end = c == ' ' && (at == 0 || at == last);
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') || at_an_end {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{DistinguishedName, DnType, DnValue};
    use x509_parser::prelude::FromDer;

    use super::*;

    /// The subject of a certificate with these attributes, most general first.
    fn name(attributes: impl IntoIterator<Item = (DnType, DnValue)>) -> Name {
        let mut subject = DistinguishedName::new();
        attributes.into_iter().for_each(|(kind, value)| subject.push(kind, value));
        let mut params = rcgen::CertificateParams::new([]).unwrap();
        params.distinguished_name = subject;
        let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(certificate.der()).unwrap();
        Name::from_der(parsed.subject())
    }

    fn utf8(text: &str) -> DnValue {
        DnValue::Utf8String(text.to_owned())
    }

    fn company() -> Name {
        name([
            (DnType::CountryName, DnValue::PrintableString("DE".try_into().unwrap())),
            (DnType::OrganizationName, utf8("Company, \"LLC\"")),
            (DnType::CommonName, DnValue::BmpString("Zoë".try_into().unwrap())),
        ])
    }

    #[test]
    fn logged_text_matches_in_any_writing() {
        let company = company();
        assert_eq!(company.to_string(), r#"CN=Zoë,O=Company\, \"LLC\",C=DE"#);
        for text in [
            r#"CN=Zoë,O=Company\, \"LLC\",C=DE"#,
            r#"C=DE, O=Company\, \"LLC\", CN=Zoë"#,
            r"cn = Zo\C3\AB , o=Company\2C \22LLC\22 ,c=de",
            r#"2.5.4.3=Zoë,OID.2.5.4.10="Company, \"LLC\"",C=DE"#,
            r#"CN=#0C045A6FC3AB;O=Company\,  \"LLC\";C=DE"#,
            r#"commonName=Zoë,organizationName=Company, \"LLC\",countryName=DE"#,
        ] {
            let logged = Name::from_text(text).unwrap_or_else(|| panic!("{text}"));
            assert!(company.is_logged_as(&logged), "{text}");
        }
    }

    #[test]
    fn other_names_do_not_match() {
        let company = company();
        for text in
            ["", "CN=Zoë", r#"CN=Zoe,O=Company\, \"LLC\",C=DE"#, r#"OU=Zoë,O=Company\, \"LLC\",C=DE"#, r#"x=Zoë,O=Company\, \"LLC\",C=DE"#]
        {
            assert!(Name::from_text(text).is_none_or(|logged| !company.is_logged_as(&logged)), "{text}");
        }
    }

    #[test]
    fn types_without_a_name_are_taken_by_value() {
        let custom = name([(DnType::CustomDnType(vec![1, 2, 3, 4]), utf8("x")), (DnType::CommonName, utf8("a"))]);
        for text in ["CN=a,1.2.3.4=x", "CN=a,1.2.3.4=#0c0178", "CN=a,deviceClass=x"] {
            assert!(custom.is_logged_as(&Name::from_text(text).unwrap()), "{text}");
        }
        assert!(!custom.is_logged_as(&Name::from_text("CN=a,1.2.3.5=x").unwrap()));
    }

    #[test]
    fn string_types_and_case_do_not_count_between_certificates() {
        let one = name([(DnType::CommonName, DnValue::PrintableString("Root  CA".try_into().unwrap()))]);
        let other = name([(DnType::CommonName, utf8("root ca"))]);
        assert!(one.is(&other) && one.key() == other.key());
        assert_ne!(one.key(), name([(DnType::OrganizationName, utf8("root ca"))]).key());
    }

    proptest! {
        #[test]
        fn no_text_or_bytes_panic(text in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..64), tag in 0_u32..40) {
            if let Some(name) = Name::from_text(&text) {
                prop_assert!(name.is_logged_as(&name));
            }
            decoded(tag, &bytes);
        }
    }
}
