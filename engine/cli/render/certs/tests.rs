//! The words of an inventory.

use tlslake_engine::diagnose::{CertificateInventory, InventoryOptions, inventory};
use tlslake_engine::report::Report;

use super::super::page::Page;
use super::*;
use crate::commands::CertsOutcome;

fn empty() -> CertificateInventory {
    inventory(&Default::default(), &InventoryOptions { as_of: 0, expiring_s: Some(86_400) })
}

#[test]
fn an_empty_inventory_says_so() {
    let mut page = Page::new(100);
    text(&mut page, &CertsOutcome { inventory: empty(), report: Report::default(), inputs: vec!["logs".into()] });
    let text = anstream::adapter::strip_str(&page.finish()).to_string();
    assert!(text.contains("No certificate that works will fail within this time."), "{text}");
    assert!(text.contains("Expiring by 1970-01-02T00:00:00Z"), "{text}");
}

#[test]
fn an_empty_table_has_its_heading() {
    let csv = csv(&empty()).map_err(|_| "no CSV").unwrap();
    assert!(csv.starts_with("subject,serial,state,") && csv.lines().count() == 1);
}

#[test]
fn reasons_come_by_count() {
    let failures = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 3), ("c".to_owned(), 1)]);
    assert_eq!(by_count(&failures), [("b", 3), ("a", 1), ("c", 1)]);
}
