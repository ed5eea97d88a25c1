//! Ways of drawing, compared: how unlikely what they say is to the model, against how varied it is.

use plotters::style::Color;

use super::axes::{BEFORE, BELOW, Plot};
use super::output::{Drawing, write};
use super::sheet::{Drawn, Room, SMALL, Sheet, Words};
use super::text;
use crate::chart::{Axis, ChartError, Point, Target};

/// Writes a point for each way of drawing, with 95 % intervals to each side where several runs were made, joined in their
/// order.
///
/// # Errors
/// When there are no points, or the file cannot be written.
pub fn lanes<'a>(target: impl Into<Target<'a>>, points: &[Point]) -> Result<(), ChartError> {
    if points.is_empty() {
        return Err(ChartError::Empty("no lane has said anything"));
    }
    write(&target.into(), &Plane { points })
}

struct Plane<'a> {
    points: &'a [Point],
}

/// From the least to the most of values and what reaches from them, with room around.
fn range(values: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let ends = |(low, high): (f64, f64), (value, half): (f64, f64)| {
        (low.min(value - half), high.max(value + half))
    };
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    let room = ((high - low) * 0.15).max(0.05);
    (low - room, high + room)
}

impl Drawing for Plane<'_> {
    fn size(&self) -> (i32, i32) {
        (920, 540)
    }

    fn title(&self) -> String {
        "Quality against diversity".to_owned()
    }

    fn draw(&self, sheet: &Sheet<'_>, room: Room) -> Drawn {
        let theme = sheet.theme;
        let x = |point: &Point| {
            let (mean, half) = (point.diversity.mean, point.diversity.half);
            (mean * 100.0, half.unwrap_or(0.0) * 100.0)
        };
        let y = |point: &Point| (point.surprisal.mean, point.surprisal.half.unwrap_or(0.0));
        let across = range(self.points.iter().map(x));
        let up = range(self.points.iter().map(y));
        let plot = Plot {
            room: room.within(BEFORE, 8, 0, BELOW),
            // A share of all ends where all are.
            across: Axis::new(across.0.max(0.0), across.1.min(100.0), false, 10),
            up: Axis::new(up.0.max(0.0), up.1, false, 8),
        };
        plot.draw(
            sheet,
            "diversity: different pairs of neighbouring tokens, % of all (distinct-2)",
            "surprisal under the first lane's model, bits a token (less is likelier)",
        )?;
        let at = |point: &Point| plot.at((x(point).0, y(point).0));
        let places: Vec<_> = self.points.iter().map(at).collect();
        sheet.line(&places, theme.quiet.mix(0.5), 1)?;
        let mut taken: Vec<Room> = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let colour = theme.compared[index % theme.compared.len()];
            let ((x, beside), (y, above)) = (x(point), y(point));
            for ends in [
                [(x - beside, y), (x + beside, y)],
                [(x, y - above), (x, y + above)],
            ] {
                sheet.line(&ends.map(|end| plot.at(end)), colour, 1)?;
            }
            sheet.dot(at(point), 6, colour)?;
            let name = sheet.fitting(&point.name, room.width() / 2, SMALL);
            let place = free(at(point), text::width(&name, SMALL), plot.room, &mut taken);
            sheet.words(&name, place, Words::new(SMALL, theme.ink))?;
        }
        Ok(())
    }
}

/// Where a name of a width stands beside its point: inside of a room, on no other name where there is such a place.
fn free((x, y): (i32, i32), width: i32, room: Room, taken: &mut Vec<Room>) -> (i32, i32) {
    const HALF: i32 = 9;
    let (right, left) = (x + 11, x - 11 - width);
    // Beside the point there may be its interval.
    let places = [-11, 12, -26, 27, -41, 42];
    let places = places
        .into_iter()
        .flat_map(|up| [(right, y + up), (left, y + up)]);
    let around = |(x, y): (i32, i32)| Room::new((x, y - HALF), (x + width, y + HALF));
    let inside = |it: Room| {
        it.left >= room.left
            && it.right <= room.right
            && it.top >= room.top
            && it.bottom <= room.bottom
    };
    let apart = |one: Room, two: &Room| {
        one.right < two.left || two.right < one.left || one.bottom < two.top || two.bottom < one.top
    };
    let places: Vec<_> = places.filter(|place| inside(around(*place))).collect();
    let lonely = |place: &&(i32, i32)| taken.iter().all(|other| apart(around(**place), other));
    let place = places.iter().find(lonely).or(places.first()).copied();
    let place = place.unwrap_or((left.max(room.left), y));
    taken.push(around(place));
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_beside_their_points_and_apart() {
        let room = Room::new((0, 0), (400, 200));
        let mut taken = Vec::new();
        let one = free((200, 100), 80, room, &mut taken);
        let two = free((205, 100), 80, room, &mut taken);
        let three = free((395, 100), 80, room, &mut taken);
        assert_eq!(one, (211, 89));
        assert!(two.1 != 89 || two.0 + 80 < 205, "{two:?}");
        assert!(three.0 + 80 <= 395, "{three:?}");
    }
}
