//! Things that the world keeps under a number until something that is due asks for them.

/// A slab: numbers are used again.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) fn new() -> Slab<T> {
        Slab { items: Vec::new(), free: Vec::new() }
    }

    pub(super) fn put(&mut self, item: T) -> u32 {
        match self.free.pop() {
            Some(number) => {
                self.items[number as usize] = Some(item);
                number
            }
            None => {
                self.items.push(Some(item));
                (self.items.len() - 1) as u32
            }
        }
    }

    /// What stands under a number that [`Slab::put`] gave and nobody took since.
    pub(super) fn get(&self, number: u32) -> &T {
        self.items[number as usize].as_ref().expect("a number is good until it is taken")
    }

    pub(super) fn take(&mut self, number: u32) -> T {
        self.free.push(number);
        self.items[number as usize].take().expect("a number is good until it is taken")
    }

    /// Everything that is kept, by its number.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.items.iter_mut().enumerate().filter_map(|(number, item)| item.as_mut().map(|item| (number as u32, item)))
    }
}
