//! Which operations can come next, as operations are placed and taken back: in real time, or in the order of each process alone.
//!
//! Both keep linked lists from which what is placed is lifted. Whatever is taken back was the latest to be placed, so that a lifted link
//! finds its place again by itself.

/// When an operation was, and whose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) process: i64,
    pub(super) invoke: i64,
    /// When it was answered; `None` when it is unknown whether it took effect.
    pub(super) response: Option<i64>,
}

/// Says which operations can come next. Operations are numbered in the order of their invocations.
pub(super) trait Order {
    /// Whether all that was answered and can come next is told before anything unknown.
    const ANSWERED_FIRST: bool;
    /// Nothing is placed yet.
    fn new(operations: &[Times]) -> Self;
    /// The first operation that can come next, [`NONE`] if none can.
    fn first(&self) -> u32;
    /// The one after this.
    fn after(&self, operation: u32) -> u32;
    /// Whether it can come next, if it is not placed.
    fn is_open(&self, operation: u32) -> bool;
    /// Places an operation.
    fn lift(&mut self, operation: u32);
    /// Takes the latest one back.
    fn put_back(&mut self, operation: u32);
    /// How many answered operations must be placed before any other can follow: those answered before the first one that is not placed.
    fn passed(&self) -> usize;
}

/// No operation.
pub(super) const NONE: u32 = u32::MAX;

/// A link of a list.
#[derive(Clone, Copy)]
struct Link {
    operation: u32,
    previous: u32,
    next: u32,
}

/// The order of real time: an operation can come next when nothing that is not placed was answered before its invocation. At one instant
/// invocations come first.
pub(super) struct RealTime {
    /// Three rings: invocations of what was answered, responses, and invocations of what is unknown, each begun by a link without an
    /// operation. Invariant: links further on in this table are later in time.
    links: Vec<Link>,
    /// The links of each operation's invocation and response; 0 for a response that there is not.
    places: Vec<(u32, u32)>,
    /// The number of the responses up to each link.
    responses: Vec<u32>,
}

const ANSWERED: u32 = 0;
const RESPONSES: u32 = 1;
const UNKNOWN: u32 = 2;
const RINGS: u32 = 3;

impl RealTime {
    /// The first response that is not placed; every operation invoked before it can come next.
    fn horizon(&self) -> u32 {
        match self.links[RESPONSES as usize].next {
            RESPONSES => u32::MAX,
            link => link,
        }
    }

    /// The operation of that link of one of the rings of invocations, or where the first ring ends, of the other.
    fn candidate(&self, link: u32) -> u32 {
        let horizon = self.horizon();
        let link = match link {
            UNKNOWN => return NONE,
            // Of what was answered, nothing more can come; or nothing more is left.
            link if self.is_answered(link) && (link == ANSWERED || link > horizon) => self.links[UNKNOWN as usize].next,
            link => link,
        };
        if link == UNKNOWN || link > horizon { NONE } else { self.links[link as usize].operation }
    }

    fn is_answered(&self, link: u32) -> bool {
        link == ANSWERED || link >= RINGS && self.places[self.links[link as usize].operation as usize].1 != 0
    }
}

impl Order for RealTime {
    const ANSWERED_FIRST: bool = true;

    fn new(operations: &[Times]) -> RealTime {
        let mut events: Vec<(i64, bool, u32)> = Vec::with_capacity(2 * operations.len());
        for (operation, index) in operations.iter().zip(0..) {
            events.push((operation.invoke, false, index));
            events.extend(operation.response.map(|response| (response, true, index)));
        }
        events.sort_unstable();
        let end = |ring: u32| Link { operation: NONE, previous: ring, next: ring };
        let mut links = Vec::with_capacity(RINGS as usize + events.len());
        links.extend([ANSWERED, RESPONSES, UNKNOWN].map(end));
        let mut responses = Vec::with_capacity(links.capacity());
        responses.resize(links.len(), 0);
        let mut places = vec![(0, 0); operations.len()];
        let mut passed = 0;
        for (_, is_response, operation) in events {
            let ring = match (is_response, operations[operation as usize].response) {
                (true, _) => RESPONSES,
                (false, Some(_)) => ANSWERED,
                (false, None) => UNKNOWN,
            };
            let link = links.len() as u32;
            let last = std::mem::replace(&mut links[ring as usize].previous, link);
            links[last as usize].next = link;
            links.push(Link { operation, previous: last, next: ring });
            let place = &mut places[operation as usize];
            *(if is_response { &mut place.1 } else { &mut place.0 }) = link;
            responses.push(passed);
            passed += u32::from(is_response);
        }
        RealTime { links, places, responses }
    }

    fn first(&self) -> u32 {
        self.candidate(self.links[ANSWERED as usize].next)
    }

    fn after(&self, operation: u32) -> u32 {
        self.candidate(self.links[self.places[operation as usize].0 as usize].next)
    }

    fn is_open(&self, operation: u32) -> bool {
        self.places[operation as usize].0 < self.horizon()
    }

    fn lift(&mut self, operation: u32) {
        let (invocation, response) = self.places[operation as usize];
        unlink(&mut self.links, invocation);
        if response != 0 {
            unlink(&mut self.links, response);
        }
    }

    fn put_back(&mut self, operation: u32) {
        let (invocation, response) = self.places[operation as usize];
        if response != 0 {
            relink(&mut self.links, response);
        }
        relink(&mut self.links, invocation);
    }

    fn passed(&self) -> usize {
        match self.horizon() {
            u32::MAX => self.places.iter().filter(|(_, response)| *response != 0).count(),
            link => self.responses[link as usize] as usize,
        }
    }
}

/// The order of each process: an operation can come next when all those that its process began before it are placed, or are ones that
/// may never take effect. Such a one is the last of its process.
pub(super) struct ProgramOrder {
    /// A ring of the next operation of each process, by invocation; the last link begins it. Those of other operations are of no use.
    links: Vec<Link>,
    /// The operation that follows each in its process.
    following: Vec<u32>,
    is_first: Vec<bool>,
    placed: usize,
}

impl Order for ProgramOrder {
    const ANSWERED_FIRST: bool = false;

    fn new(operations: &[Times]) -> ProgramOrder {
        let head = operations.len() as u32;
        let mut links = vec![Link { operation: NONE, previous: head, next: head }; operations.len() + 1];
        let mut following = vec![NONE; operations.len()];
        let mut is_first = vec![false; operations.len()];
        let mut by_process: Vec<(i64, u32)> = operations.iter().zip(0..).map(|(times, index)| (times.process, index)).collect();
        by_process.sort_unstable();
        for (position, (process, operation)) in by_process.iter().enumerate() {
            let before = position.checked_sub(1).map(|before| by_process[before]).filter(|before| before.0 == *process);
            match before {
                Some((_, before)) => following[before as usize] = *operation,
                None => is_first[*operation as usize] = true,
            }
        }
        for operation in (0..head).filter(|operation| is_first[*operation as usize]) {
            let last = std::mem::replace(&mut links[head as usize].previous, operation);
            links[last as usize].next = operation;
            links[operation as usize] = Link { operation, previous: last, next: head };
        }
        ProgramOrder { links, following, is_first, placed: 0 }
    }

    fn first(&self) -> u32 {
        let head = self.links.len() - 1;
        self.links[self.links[head].next as usize].operation
    }

    fn after(&self, operation: u32) -> u32 {
        self.links[self.links[operation as usize].next as usize].operation
    }

    fn is_open(&self, operation: u32) -> bool {
        self.is_first[operation as usize]
    }

    fn lift(&mut self, operation: u32) {
        self.placed += 1;
        let mut place = self.links[operation as usize].next;
        unlink(&mut self.links, operation);
        let next = self.following[operation as usize];
        if next == NONE {
            return;
        }
        self.is_first[next as usize] = true;
        // The head stands last in the table, and so after every operation.
        while place < next {
            place = self.links[place as usize].next;
        }
        let previous = self.links[place as usize].previous;
        self.links[next as usize] = Link { operation: next, previous, next: place };
        relink(&mut self.links, next);
    }

    fn put_back(&mut self, operation: u32) {
        self.placed -= 1;
        let next = self.following[operation as usize];
        if next != NONE {
            self.is_first[next as usize] = false;
            unlink(&mut self.links, next);
        }
        relink(&mut self.links, operation);
    }

    fn passed(&self) -> usize {
        self.placed
    }
}

fn unlink(links: &mut [Link], link: u32) {
    let Link { previous, next, .. } = links[link as usize];
    links[previous as usize].next = next;
    links[next as usize].previous = previous;
}

fn relink(links: &mut [Link], link: u32) {
    let Link { previous, next, .. } = links[link as usize];
    links[previous as usize].next = link;
    links[next as usize].previous = link;
}
