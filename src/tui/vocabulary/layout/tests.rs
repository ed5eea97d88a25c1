//! Where panes lie, at every size that fits.

use super::*;

fn arrangement(tab: Focus, banner: u16) -> Arrangement {
    Arrangement {
        tab,
        banner,
        lesson: 0,
        zoomed: None,
        shares: Shares::default(),
    }
}

#[test]
fn borders_follow_the_pointer() {
    let size = Size::new(120, 40);
    let mut arranged = arrangement(Focus::Next, 0);
    let before = panes(size, &arranged);
    let text = before.place(Focus::Text).expect("text is seen");
    let edge = Position::new(text.right() - 1, text.y + 1);
    assert_eq!(before.split_at(edge), Some(Split::Left));
    let share = before.share_at(Split::Left, Position::new(48, 20));
    arranged.shares.set(Split::Left, share.expect("a border"));
    let after = panes(size, &arranged);
    assert_eq!(
        after.place(Focus::Text).map(|place| place.right()),
        Some(48)
    );
    let below = Position::new(text.x + 5, text.bottom() - 1);
    assert_eq!(before.split_at(below), Some(Split::Text));
    assert_eq!(before.split_at(Position::new(text.x + 5, text.y + 1)), None);
}

#[test]
fn wherever_the_borders_are_all_panes_keep_room() {
    for share in [0, 200, 500, 800, 1000] {
        for split in [Split::Left, Split::Right, Split::Text, Split::Knobs] {
            let mut arranged = arrangement(Focus::Next, 0);
            arranged.shares.set(split, share);
            for size in [(60, 18), (80, 24), (120, 40), (200, 60), (90, 45)] {
                let panes = panes(Size::new(size.0, size.1), &arranged);
                for pane in Focus::ALL {
                    if let Some(place) = panes.place(pane) {
                        assert!(place.width >= 12, "{pane:?} {place:?}");
                        assert!(!panes.inner(pane).is_empty(), "{pane:?} {place:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn where_they_share_a_place_the_knob_in_hand_is_seen_below_the_odds() {
    for (width, height) in [(60, 18), (80, 24), (99, 39), (100, 29), (160, 20)] {
        for (tab, joined, knobs) in [
            (Focus::Next, Joined::Knob, 1..=1),
            (Focus::Knobs, Joined::List, 1..=30),
        ] {
            let panes = panes(Size::new(width, height), &arrangement(tab, 0));
            assert_eq!(panes.joined(), Some(joined), "{width}×{height}");
            let rows = panes.inner(Focus::Next).height;
            assert!(rows >= 4, "{rows} rows of odds at {width}×{height}");
            let lines = panes.inner(Focus::Knobs).height;
            assert!(knobs.contains(&lines), "{lines} at {width}×{height}");
        }
        let other = panes(Size::new(width, height), &arrangement(Focus::Why, 0));
        assert_eq!((other.joined(), other.place(Focus::Next)), (None, None));
    }
}

#[test]
fn why_has_room_for_its_values_wherever_it_is_seen_beside_others() {
    for (width, height, lines) in [(100, 30, 12), (120, 40, 12), (120, 36, 10), (200, 60, 12)] {
        let panes = panes(Size::new(width, height), &arrangement(Focus::Next, 0));
        let inner = panes.inner(Focus::Why);
        assert!(inner.height >= lines, "{inner:?} at {width}×{height}");
    }
}

#[test]
fn at_any_size_that_fits_the_focused_pane_is_seen_and_nothing_overlaps() {
    for width in SMALLEST.width..=220 {
        for height in SMALLEST.height..=70 {
            for focus in Focus::ALL {
                let panes = panes(Size::new(width, height), &arrangement(focus, 0));
                let place = panes
                    .place(focus)
                    .unwrap_or_else(|| panic!("{focus:?} at {width}×{height}"));
                assert!(
                    place.width >= 30 && place.height >= 3,
                    "{focus:?} {place:?} at {width}×{height}"
                );
            }
            let panes = panes(Size::new(width, height), &arrangement(Focus::Next, 2));
            let mut places: Vec<Rect> = Focus::ALL
                .into_iter()
                .filter_map(|pane| panes.place(pane))
                .collect();
            places.extend([panes.status, panes.banner, panes.footer]);
            let area: u32 = places.iter().map(|place| place.area()).sum();
            assert_eq!(
                area,
                u32::from(width) * u32::from(height),
                "{width}×{height} is covered"
            );
            for (at, place) in places.iter().enumerate() {
                assert!(
                    places[..at].iter().all(|other| !other.intersects(*place)),
                    "{width}×{height}"
                );
            }
        }
    }
}
