//! The network of a plan as it was written, and the engine's setup that it comes to. What a person says by regions and sets of
//! nodes becomes sites, between any two of which lies one link.

use quorate_engine::fault::{Bursts, Corruption};
use quorate_engine::id::{NodeId, NodeSet};
use quorate_engine::latency::{Distribution, Span};
use quorate_engine::random::Probability;
use quorate_engine::setup::{Bandwidth, Change, Changed, Link, Network, Packets, Reordering, Routing};
use quorate_engine::time::{Nanos, Time, show};
use quorate_engine::topology::Topology;
use std::collections::BTreeMap;
use std::fmt;

/// `[network]`.
#[derive(Clone, PartialEq, Debug)]
pub struct NetworkPlan {
    /// Who is linked to whom.
    pub topology: Topology,
    /// What becomes of a message to a replica that is no neighbour.
    pub routing: Routing,
    /// The links of which nothing else is said.
    pub link: Link,
    /// One-way delay between client and replica; `None`: clients live beside their replica.
    pub client_latency: Option<Span>,
    /// The latencies between regions.
    pub matrix: Option<Matrix>,
    /// Links that are special, the first that fits holds.
    pub links: Vec<SpecialLinks>,
    /// What changes, as written.
    pub changes: Vec<ChangeEntry>,
}

/// A region, or a zone of one: a zone is named after its region, as in `eu/a`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// The name.
    pub name: String,
    /// Its replicas; no replica is in two regions. It may be empty, for replicas that move there.
    pub nodes: NodeSet,
}

impl NetworkPlan {
    /// Twice the mean latency between replicas, where it is the same between any two and at all times.
    pub fn rtt(&self) -> Option<Nanos> {
        let special = self.links.iter().any(|links| links.latency.is_some());
        let one = self.matrix.is_none() && !special && self.changes.is_empty();
        one.then(|| libm::round(2.0 * self.link.latency.mean()) as Nanos)
    }
}

impl Region {
    /// The region of a zone; the name itself for a region that has no zones.
    pub fn of(name: &str) -> &str {
        name.split_once('/').map_or(name, |(region, _)| region)
    }

    /// The replicas of each region with all of its zones, in the order in which regions are first named.
    pub fn whole(regions: &[Region]) -> Vec<NodeSet> {
        let mut whole: Vec<(&str, Vec<(u32, u32)>)> = Vec::new();
        for region in regions {
            let name = Region::of(&region.name);
            match whole.iter_mut().find(|(other, _)| *other == name) {
                Some((_, ranges)) => ranges.extend(region.nodes.ranges()),
                None => whole.push((name, region.nodes.ranges().to_vec())),
            }
        }
        whole.into_iter().map(|(_, ranges)| NodeSet::from_ranges(ranges)).collect()
    }

    /// Whether this is the region of that name, or the zone, or a zone of the region.
    pub fn goes_by(&self, name: &str) -> bool {
        self.name == name || Region::of(&self.name) == name
    }
}

/// Latencies between regions, or zones.
#[derive(Clone, PartialEq, Debug)]
pub struct Matrix {
    /// The regions in the order of rows and columns.
    pub regions: Vec<String>,
    /// One-way latencies, the sender's region first; `None` where the matrix is silent.
    pub one_way: Vec<Vec<Option<Distribution>>>,
}

impl Matrix {
    /// The latency from one zone or region to another, if the matrix has it. What it says of zones comes before what it says of
    /// their regions.
    pub fn latency(&self, from: &str, to: &str) -> Option<&Distribution> {
        let place = |name: &str| self.regions.iter().position(|region| region == name);
        let places = |name| [place(name), place(Region::of(name))];
        let ways = places(from).into_iter().flat_map(|from| places(to).map(|to| Some((from?, to?))));
        ways.flatten().find_map(|(from, to)| self.one_way[from][to].as_ref())
    }
}

/// Links that differ from the others: an entry of `[[network.links]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct SpecialLinks {
    /// Its name: the class under which the ledger counts it.
    pub name: String,
    /// Which links.
    pub ends: Ends,
    /// What is different; the rest is as without the entry.
    pub latency: Option<Distribution>,
    /// See [`Link::loss`].
    pub loss: Option<Probability>,
    /// See [`Link::duplication`].
    pub duplication: Option<Probability>,
    /// See [`Link::reordering`].
    pub reordering: Option<Reordering>,
    /// See [`Link::bursts`].
    pub bursts: Option<Bursts>,
    /// See [`Link::corruption`].
    pub corruption: Option<Corruption>,
    /// See [`Link::packets`].
    pub packets: Option<Packets>,
    /// See [`Link::bandwidth`].
    pub bandwidth: Option<Bandwidth>,
}

/// Which links are meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ends {
    /// From these to those.
    OneWay(Members, Members),
    /// Between these and those, both ways.
    Between(Members, Members),
    /// Those that begin and end among these.
    Within(Members),
}

/// Replicas by their numbers or by where they stand. Who moves leaves one region and joins another, and keeps its number.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Members {
    /// By number.
    pub nodes: NodeSet,
    /// Everyone who stands in these regions or zones.
    pub regions: Vec<String>,
}

/// An entry of `[[network.changes]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeEntry {
    /// When.
    pub at: Time,
    /// How long until it is undone.
    pub lasts: Option<Nanos>,
    /// How.
    pub what: ChangeKind,
}

impl fmt::Display for ChangeEntry {
    /// `the link 0-1 goes, for 5s`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            ChangeKind::Add(links) => write!(f, "{}", Links(links, "comes", "come"))?,
            ChangeKind::Remove(links) => write!(f, "{}", Links(links, "goes", "go"))?,
            ChangeKind::Attach(nodes, to) => write!(f, "{{{nodes}}} attach to {{{to}}} alone")?,
            ChangeKind::Move(nodes, to) => write!(f, "{{{nodes}}} move to {to}")?,
        }
        self.lasts.map_or(Ok(()), |lasts| write!(f, ", for {}", show(lasts)))
    }
}

/// A few links by name, many by number.
struct Links<'a>(&'a [(u32, u32)], &'static str, &'static str);

impl fmt::Display for Links<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [(a, b)] => write!(f, "the link {a}-{b} {}", self.1),
            links if links.len() <= 5 => {
                let named: Vec<String> = links.iter().map(|(a, b)| format!("{a}-{b}")).collect();
                write!(f, "the links {} {}", named.join(", "), self.2)
            }
            links => write!(f, "{} links {}", links.len(), self.2),
        }
    }
}

/// How the network changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// Links come.
    Add(Vec<(u32, u32)>),
    /// Links go.
    Remove(Vec<(u32, u32)>),
    /// Replicas let go of all their neighbours and get others.
    Attach(NodeSet, NodeSet),
    /// Replicas move to the region or zone of this name.
    Move(NodeSet, String),
}

/// The class of links of which nothing else is said, where nobody stands in a region.
pub(crate) const PLAIN: &str = "plain";
/// The classes of links by where their ends stand.
pub(crate) const BY_REGION: [&str; 3] = ["in-zone", "in-region", "between-regions"];

/// The setup of the engine that the plan comes to.
///
/// # Errors
/// What is wrong with all of it, or with an entry of special links.
pub(crate) fn setup(plan: &NetworkPlan, regions: &[Region], nodes: u32) -> Result<Network, Unfit> {
    let mut layout = Layout::new(plan, regions, nodes);
    let changes = changes(plan, &mut layout);
    let mut network = Network {
        topology: plan.topology.clone(),
        routing: plan.routing,
        client_latency: plan.client_latency.clone(),
        changes,
        ..Network::mesh(plan.link.clone())
    };
    if layout.sites.is_empty() {
        return Ok(network);
    }
    network.classes.extend(BY_REGION.map(str::to_string));
    for special in &plan.links {
        if !network.classes.contains(&special.name) {
            network.classes.push(special.name.clone());
        }
    }
    let mut known: BTreeMap<Pair, usize> = BTreeMap::new();
    let mut distinct = Distinct::new(plan.link.clone());
    for from in &layout.sites {
        for to in &layout.sites {
            let mut entries = plan.links.iter().enumerate();
            let special = entries.find(|(entry, special)| layout.fits(*entry, &special.ends, from, to)).map(|(entry, _)| entry);
            let pair = Pair { from: from.zone, to: to.zone, special };
            let make = || distinct.place(layout.link(plan, pair, &network.classes));
            let place = *known.entry(pair).or_insert_with(make);
            network.sites.between.push(u16::try_from(place).map_err(|_| Unfit::TooManyLinks)?);
        }
    }
    let held = |entry: &usize| known.keys().any(|pair| pair.special == Some(*entry));
    if let Some(entry) = (0..plan.links.len()).find(|entry| !held(entry)) {
        return Err(Unfit::NeverHolds(entry));
    }
    network.links = distinct.links;
    network.sites.members = layout.sites.into_iter().map(|site| site.members).collect();
    Ok(network)
}

/// All links, equal ones once: a region more should not cost tables that are there already.
struct Distinct {
    links: Vec<Link>,
    /// By what a link is, in words: its figures have no order.
    places: BTreeMap<String, usize>,
}

impl Distinct {
    fn new(first: Link) -> Distinct {
        Distinct { places: [(format!("{first:?}"), 0)].into(), links: vec![first] }
    }

    fn place(&mut self, link: Link) -> usize {
        *self.places.entry(format!("{link:?}")).or_insert_with(|| {
            self.links.push(link);
            self.links.len() - 1
        })
    }
}

/// Why a network as written does not become one of the engine's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unfit {
    /// The engine has no numbers for so many.
    TooManyLinks,
    /// The entry of special links at this place is about no link that an earlier one is not about.
    NeverHolds(usize),
}

/// What makes one link differ from another: the zones of its ends, and the entry of special links that fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    from: Option<u16>,
    to: Option<u16>,
    special: Option<usize>,
}

/// Replicas that no rule tells apart.
struct Site {
    /// A place in the regions.
    zone: Option<u16>,
    /// Which of the sets by number they are in, in the order of [`Layout::sets`].
    within: Vec<bool>,
    members: NodeSet,
}

/// Where everyone stands.
struct Layout<'a> {
    regions: &'a [Region],
    /// The sets by number that the rules name.
    sets: Vec<&'a NodeSet>,
    /// The first set of each entry of special links.
    first: Vec<usize>,
    sites: Vec<Site>,
}

impl<'a> Layout<'a> {
    fn new(plan: &'a NetworkPlan, regions: &'a [Region], nodes: u32) -> Layout<'a> {
        let (mut sets, mut first) = (Vec::new(), Vec::new());
        for special in &plan.links {
            first.push(sets.len());
            sets.extend(special.ends.members().into_iter().map(|members| &members.nodes));
        }
        let mut layout = Layout { regions, sets, first, sites: Vec::new() };
        if regions.is_empty() && layout.sets.is_empty() {
            return layout;
        }
        // Between two bounds of any set, all replicas are alike.
        let all = regions.iter().map(|region| &region.nodes).chain(layout.sets.iter().copied());
        let mut bounds: Vec<u32> = all.flat_map(|set| set.ranges()).flat_map(|&(low, high)| [low, high]).collect();
        bounds.extend([0, nodes]);
        bounds.sort_unstable();
        bounds.dedup();
        let mut members: BTreeMap<_, Vec<(u32, u32)>> = BTreeMap::new();
        for pair in bounds.windows(2) {
            let node = NodeId(pair[0]);
            members.entry((layout.zone(node), layout.within(node))).or_default().push((pair[0], pair[1]));
        }
        let site = |((zone, within), ranges)| Site { zone, within, members: NodeSet::from_ranges(ranges) };
        layout.sites = members.into_iter().map(site).collect();
        layout
    }

    fn zone(&self, node: NodeId) -> Option<u16> {
        self.regions.iter().position(|region| region.nodes.contains(node)).map(|zone| zone as u16)
    }

    fn within(&self, node: NodeId) -> Vec<bool> {
        self.sets.iter().map(|set| set.contains(node)).collect()
    }

    /// The site of replicas in this zone that are in these sets; a new one when nobody stands there yet.
    fn site(&mut self, zone: Option<u16>, within: &[bool]) -> u16 {
        let found = self.sites.iter().position(|site| site.zone == zone && site.within == within);
        let place = found.unwrap_or_else(|| {
            self.sites.push(Site { zone, within: within.to_vec(), members: NodeSet::default() });
            self.sites.len() - 1
        });
        place as u16
    }

    /// Whether an entry of special links is about the links from one site to another.
    fn fits(&self, entry: usize, ends: &Ends, from: &Site, to: &Site) -> bool {
        let is = |side: usize, members: &Members, site: &Site| {
            let stands = |zone: u16| members.regions.iter().any(|name| self.regions[usize::from(zone)].goes_by(name));
            site.within[self.first[entry] + side] || site.zone.is_some_and(stands)
        };
        match ends {
            Ends::OneWay(these, those) => is(0, these, from) && is(1, those, to),
            Ends::Between(these, those) => (is(0, these, from) && is(1, those, to)) || (is(1, those, from) && is(0, these, to)),
            Ends::Within(these) => is(0, these, from) && is(0, these, to),
        }
    }

    /// The link of such a pair.
    fn link(&self, plan: &NetworkPlan, pair: Pair, classes: &[String]) -> Link {
        let mut link = plan.link.clone();
        let mut class = PLAIN;
        if let (Some(from), Some(to)) = (pair.from, pair.to) {
            let (from, to) = (&self.regions[usize::from(from)].name, &self.regions[usize::from(to)].name);
            let zoned = from.contains('/');
            class = match () {
                () if from == to && zoned => BY_REGION[0],
                () if Region::of(from) == Region::of(to) => BY_REGION[1],
                () => BY_REGION[2],
            };
            if let Some(latency) = plan.matrix.as_ref().and_then(|matrix| matrix.latency(from, to)) {
                link.latency = latency.clone();
            }
        }
        if let Some(special) = pair.special.map(|place| &plan.links[place]) {
            class = &special.name;
            special.amend(&mut link);
        }
        link.class = classes.iter().position(|name| name == class).expect("every class has been named") as u8;
        link
    }
}

impl Ends {
    /// The sets that it names.
    pub(crate) fn members(&self) -> Vec<&Members> {
        match self {
            Ends::OneWay(these, those) | Ends::Between(these, those) => vec![these, those],
            Ends::Within(these) => vec![these],
        }
    }
}

impl SpecialLinks {
    fn amend(&self, link: &mut Link) {
        let SpecialLinks { name: _, ends: _, latency, loss, duplication, reordering, bursts, corruption, packets, bandwidth } =
            self;
        link.latency = latency.as_ref().unwrap_or(&link.latency).clone();
        link.loss = loss.unwrap_or(link.loss);
        link.duplication = duplication.unwrap_or(link.duplication);
        link.reordering = reordering.clone().or(link.reordering.take());
        link.bursts = bursts.or(link.bursts);
        link.corruption = corruption.or(link.corruption);
        link.packets = packets.or(link.packets);
        link.bandwidth = bandwidth.or(link.bandwidth);
    }
}

/// The changes instant by instant, each entry's end included. Of a link, and of where somebody stands, holds what the latest entry
/// in force says, or else what held at the start.
fn changes(plan: &NetworkPlan, layout: &mut Layout<'_>) -> Vec<Change> {
    let mut moments: Vec<(Time, bool, usize)> = Vec::new();
    for (index, entry) in plan.changes.iter().enumerate() {
        moments.push((entry.at, true, index));
        moments.extend(entry.lasts.map(|lasts| (entry.at + lasts, false, index)));
    }
    // At one instant ends come first.
    moments.sort();
    // The entries in force that moved each node, with where to.
    let mut moved: BTreeMap<NodeId, Vec<(usize, Option<u16>)>> = BTreeMap::new();
    let mut all = Vec::new();
    for (at, begins, index) in moments {
        let number = index as u32;
        let changed = match (&plan.changes[index].what, begins) {
            (ChangeKind::Add(links), true) => vec![Changed::Links(number, true, links.clone())],
            (ChangeKind::Remove(links), true) => vec![Changed::Links(number, false, links.clone())],
            (ChangeKind::Add(_) | ChangeKind::Remove(_), false) => vec![Changed::Undo(number)],
            (ChangeKind::Attach(nodes, to), _) => vec![Changed::Attach(nodes.clone(), to.clone())],
            (ChangeKind::Move(nodes, name), _) => {
                let zone = layout.regions.iter().position(|region| region.name == *name).map(|zone| zone as u16);
                for node in nodes.iter() {
                    let stack = moved.entry(node).or_default();
                    match begins {
                        true => stack.push((index, zone)),
                        false => stack.retain(|(entry, _)| *entry != index),
                    }
                }
                let stands = |node: NodeId| moved[&node].last().map_or_else(|| layout.zone(node), |(_, zone)| *zone);
                let now: Vec<_> = nodes.iter().map(|node| (node, stands(node))).collect();
                moves(&now, layout)
            }
        };
        all.extend(changed.into_iter().map(|what| Change { at, what }));
    }
    all
}

/// One change for each site to which somebody moves.
fn moves(moved: &[(NodeId, Option<u16>)], layout: &mut Layout<'_>) -> Vec<Changed> {
    let mut by_site: BTreeMap<u16, Vec<(u32, u32)>> = BTreeMap::new();
    for &(node, zone) in moved {
        let within = layout.within(node);
        by_site.entry(layout.site(zone, &within)).or_default().push((node.0, node.0 + 1));
    }
    by_site.into_iter().map(|(site, ranges)| Changed::Move(NodeSet::from_ranges(ranges), Some(site))).collect()
}
