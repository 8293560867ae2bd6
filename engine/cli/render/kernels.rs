//! `tlslake kernels` as a table.

use super::page::{Page, style};
use super::table::{Column, Grid};
use crate::commands::{KernelEntry, KernelList};

pub(super) fn render(page: &mut Page, list: &KernelList) {
    let mut grid = Grid::new([Column::text("kernel"), Column::text("available"), Column::text("used"), Column::flexible("needs")]);
    for kernel in &list.kernels {
        grid.styled_row(look(kernel), [kernel.name, word(kernel.available), word(kernel.used), kernel.needs].map(str::to_owned));
    }
    page.section("Scan kernels", "fastest first; all give the same answer, `--kernel NAME` forces one");
    page.table(grid);
}

fn word(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "-" }
}

fn look(kernel: &KernelEntry) -> anstyle::Style {
    match (kernel.used, kernel.available) {
        (true, _) => style::GOOD,
        (false, true) => style::PLAIN,
        (false, false) => style::QUIET,
    }
}
