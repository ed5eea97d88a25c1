//! A list that thins itself out.

/// Items in order, of which every other one goes when there are too many. The first and the newest always stay.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thinned<T> {
    capacity: usize,
    /// Of so many items that came, one is kept.
    stride: usize,
    /// Items that came since the last one that was kept, itself counted.
    since: usize,
    kept: Vec<T>,
    /// The newest, if it is not among those kept.
    newest: Option<T>,
}

impl<T> Thinned<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(2),
            stride: 1,
            since: 0,
            kept: Vec::new(),
            newest: None,
        }
    }

    pub(super) fn push(&mut self, item: T) {
        if !self.kept.is_empty() && self.since < self.stride {
            self.since += 1;
            self.newest = Some(item);
            return;
        }
        self.since = 1;
        self.newest = None;
        self.kept.push(item);
        // One place is the newest's.
        if self.kept.len() >= self.capacity {
            let mut place = 0;
            let length = self.kept.len();
            if length.is_multiple_of(2) {
                self.newest = self.kept.pop();
                self.since = self.stride + 1;
            }
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.stride *= 2;
        }
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.kept.iter().chain(&self.newest)
    }

    /// Forgets all for which `stays` is false; it must be true up to some item and false from there on.
    pub(super) fn cut(&mut self, stays: impl Fn(&T) -> bool) {
        let length = self.kept.len();
        self.kept.retain(&stays);
        self.newest = self.newest.take().filter(&stays);
        if self.kept.len() < length {
            self.since = self.stride;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_stays_small_in_order_and_whole_at_the_ends(count in 1u32..3000, capacity in 2usize..40) {
            let mut list = Thinned::new(capacity);
            for item in 0..count {
                list.push(item);
                let items: Vec<u32> = list.iter().copied().collect();
                prop_assert!(items.len() <= capacity, "{} of {capacity}", items.len());
                prop_assert_eq!((items[0], items.last()), (0, Some(&item)));
                prop_assert!(items.is_sorted_by(|a, b| a < b));
                // All are as far from each other, but for the newest.
                let steps: Vec<u32> = items.windows(2).map(|pair| pair[1] - pair[0]).collect();
                if let Some((last, others)) = steps.split_last() {
                    prop_assert!(others.iter().all(|step| step == &others[0]));
                    prop_assert!(others.first().is_none_or(|first| last <= first));
                }
            }
        }

        #[test]
        fn what_was_cut_comes_again(count in 1u32..300, at in 0u32..300) {
            let mut list = Thinned::new(10);
            (0..count).for_each(|item| list.push(item));
            list.cut(|item| *item <= at);
            prop_assert!(list.iter().all(|item| *item <= at));
            list.push(1000);
            let items: Vec<&u32> = list.iter().collect();
            prop_assert_eq!(items.last(), Some(&&1000));
            prop_assert!(items.len() <= 10 && items.is_sorted_by(|a, b| a < b) && *items[0] == 0);
        }
    }
}
