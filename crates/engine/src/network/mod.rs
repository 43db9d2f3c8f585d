//! The links: what becomes of one message that crosses one of them. First it must find room in the queue, then the link's own rules
//! judge it ([`rules`]), then those of faults ([`degraded`]).

mod degraded;
mod overlay;
mod pipe;
mod rules;
mod sites;

use crate::fault::Degradation;
use crate::histogram::Waits;
use crate::id::NodeId;
use crate::latency::{Sampler, Span};
use crate::ledger::LinkClass;
use crate::random::lane;
use crate::setup::{self, Changed, Packets, Routing, Setup};
use crate::spells::Ending;
use crate::time::{Nanos, Time};
use crate::topology::{Graph, InvalidTopology, Routes, Topology, Tree};
use degraded::Degraded;
pub(crate) use degraded::Toll;
use overlay::Overlays;
use pipe::Pipes;
pub(crate) use rules::Altered;
use rules::{Bad, COPY_DELAY, Rules};
use sites::Sites;
use std::sync::{Arc, OnceLock};

/// The links, built once a run.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    /// The delay of every message, when all replicas are linked to all and no rule but the delay applies.
    plain: Option<Sampler>,
    /// The same while something wants to look at every message.
    resting: Option<Sampler>,
    kinds: Arc<[LinkKind]>,
    client_delay: Option<Sampler>,
    sites: Sites,
    /// Who is linked to whom; `None`: everyone to everyone.
    graph: Option<Graph>,
    /// What has been said of links since the start.
    overlays: Overlays,
    routes: Routes,
    routing: Routing,
    pipes: Pipes,
    bad: Bad,
    degraded: Degraded,
}

/// The tables of some links, made once for all runs over them: a matrix of regions has many, and each takes as long to make as
/// thousands of events.
#[derive(Clone, Default, Debug)]
pub struct Prepared {
    made: Arc<OnceLock<Made>>,
}

/// Links and their tables.
type Made = (Vec<setup::Link>, Arc<[LinkKind]>);

impl Prepared {
    /// The tables of these links: those that were made before, if they were made of the same.
    fn kinds(&self, links: &[setup::Link]) -> Arc<[LinkKind]> {
        let make = || links.iter().map(LinkKind::new).collect();
        let (made_of, kinds) = self.made.get_or_init(|| (links.to_vec(), make()));
        // Whoever changes a cloned setup changes its links and not what was made of them.
        if made_of == links { kinds.clone() } else { make() }
    }
}

/// It says nothing that the links do not say.
impl PartialEq for Prepared {
    fn eq(&self, _: &Prepared) -> bool {
        true
    }
}

/// One of the setup's links.
#[derive(Clone, Debug)]
struct LinkKind {
    class: LinkClass,
    delay: Sampler,
    rules: Rules,
    packets: Option<Packets>,
    bandwidth: Option<setup::Bandwidth>,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It arrives.
    Arrives {
        /// After so long.
        delay: Nanos,
        /// And a second copy, after so long.
        copy: Option<Nanos>,
        /// With another content.
        altered: Option<Altered>,
    },
    /// It is lost on the way.
    Lost,
    /// It finds no room where it must wait.
    NoRoom,
}

/// The way of a message from one replica to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// They are neighbours.
    Direct,
    /// This neighbour hands it on.
    Through(NodeId),
    /// There is none.
    Nowhere,
}

impl Links {
    /// The links of a run; its graph is made from the setup's seed.
    ///
    /// # Errors
    /// When the topology does not fit, or no graph of its kind was found.
    pub(crate) fn new(setup: &Setup) -> Result<Links, InvalidTopology> {
        let network = &setup.network;
        let mut graph = network.topology.graph(setup.nodes, setup.seed)?;
        if graph.is_none() && network.changes.iter().any(|change| !matches!(change.what, Changed::Move(..))) {
            let pairs: Vec<_> = (0..setup.nodes).flat_map(|a| (a + 1..setup.nodes).map(move |b| (a, b))).collect();
            graph = Some(Graph::new(setup.nodes, &pairs));
        }
        let pipes = Pipes::new(setup);
        let kinds = network.prepared.kinds(&network.links);
        let plain = match &kinds[..] {
            [only] if only.is_plain() && graph.is_none() && !pipes.has_interfaces() => Some(only.delay.clone()),
            _ => None,
        };
        Ok(Links {
            plain,
            resting: None,
            kinds,
            client_delay: network.client_latency.as_ref().map(Span::sampler),
            sites: Sites::new(&network.sites, setup.nodes),
            overlays: Overlays::default(),
            routes: Routes::new(),
            routing: network.routing,
            graph,
            pipes,
            bad: Bad::default(),
            degraded: Degraded::default(),
        })
    }

    /// No links at all, for a run that ends before it begins.
    pub(crate) fn none(setup: &Setup) -> Links {
        let network = setup::Network { topology: Topology::Mesh, changes: Vec::new(), ..setup.network.clone() };
        Links::new(&Setup { network, ..setup.clone() }).expect("a mesh always fits")
    }

    /// The delay of every message between replicas, when no rule but the delay applies and all are linked to all.
    #[inline]
    pub(crate) fn plain_delay(&self) -> Option<&Sampler> {
        self.plain.as_ref()
    }

    /// The neighbours of a replica in ascending order; `None` when all are.
    #[inline]
    pub(crate) fn neighbours(&self, node: NodeId) -> Option<&[NodeId]> {
        self.graph.as_ref().map(|graph| graph.neighbours(node))
    }

    /// The tree along which a replica's messages to many go; `None` in a mesh.
    pub(crate) fn tree(&mut self, origin: NodeId) -> Option<Arc<Tree>> {
        self.graph.as_ref().map(|graph| self.routes.tree(graph, origin))
    }

    /// Whether two replicas are neighbours now.
    pub(crate) fn are_neighbours(&self, one: NodeId, other: NodeId) -> bool {
        self.graph.as_ref().is_none_or(|graph| graph.has_edge(one, other))
    }

    /// The way from one replica to another.
    pub(crate) fn way(&mut self, from: NodeId, to: NodeId) -> Way {
        let Some(graph) = &self.graph else { return Way::Direct };
        if graph.has_edge(from, to) {
            return Way::Direct;
        }
        match self.routing {
            Routing::Neighbours => Way::Nowhere,
            Routing::FewestHops => self.routes.next(graph, from, to).map_or(Way::Nowhere, Way::Through),
        }
    }

    /// Whether messages to replicas that are no neighbours are handed on.
    pub(crate) fn relays(&self) -> bool {
        self.graph.is_some() && self.routing == Routing::FewestHops
    }

    /// The class of the link between two replicas.
    #[inline]
    pub(crate) fn class(&self, from: NodeId, to: NodeId) -> LinkClass {
        match from == to {
            true => LinkClass::LOCAL,
            false if self.kinds.len() == 1 => LinkClass::FIRST,
            false => self.kind(from, to).class,
        }
    }

    #[inline]
    fn kind(&self, from: NodeId, to: NodeId) -> &LinkKind {
        &self.kinds[self.sites.link(from, to)]
    }

    /// The bytes that a message takes on the link, headers included.
    #[inline]
    pub(crate) fn bytes(&self, from: NodeId, to: NodeId, message: u64) -> u64 {
        self.kind(from, to).packets.map_or(message, |packets| packets.bytes(message))
    }

    /// The fate of a message of so many bytes that one replica sends to a neighbour now.
    pub(crate) fn cross(&mut self, now: Time, from: NodeId, to: NodeId, bytes: u64, draw: u64) -> Fate {
        let kind = &self.kinds[self.sites.link(from, to)];
        let waits = if self.pipes.concern(from, kind.bandwidth.as_ref()) {
            match self.pipes.through(now, from, to, kind.bandwidth.as_ref(), bytes) {
                Some(waits) => waits,
                None => return Fate::NoRoom,
            }
        } else {
            0
        };
        let ruling = kind.rules.judge(from, to, draw, &mut self.bad);
        if ruling.lost {
            return Fate::Lost;
        }
        let fate = Fate::Arrives {
            delay: kind.delay.sample(draw).saturating_add(ruling.later),
            copy: ruling.copied.then(|| kind.delay.sample(lane(draw, COPY_DELAY))),
            altered: ruling.altered,
        };
        let fate = if self.degraded.is_empty() { fate } else { self.degraded.worsen(from, to, draw, &kind.delay, fate) };
        fate.after(waits)
    }

    /// What becomes of a message's content alone, where instants do not matter.
    pub(crate) fn alter(&self, from: NodeId, to: NodeId, draw: u64) -> Option<Altered> {
        let usual = self.kind(from, to).rules.alter(draw);
        degraded::worse(usual, self.degraded.alter(from, to, draw))
    }

    /// The fate of what a client says or is told; `None` when clients live beside their replica.
    pub(crate) fn client_fate(&mut self, client: NodeId, draw: u64) -> Option<Fate> {
        let delay = self.client_delay.as_ref()?;
        let ruling = self.kinds[0].rules.judge(client, client, draw, &mut self.bad);
        // Nobody forges what a client says or hears: what changes on the way is found out, and lost.
        Some(match ruling.lost || ruling.altered.is_some() {
            true => Fate::Lost,
            false => Fate::Arrives { delay: delay.sample(draw).saturating_add(ruling.later), copy: None, altered: None },
        })
    }

    /// Links become worse.
    pub(crate) fn degrade(&mut self, now: Time, number: u32, degradation: &Degradation, strike: usize) {
        self.degraded.begin(now, number, degradation, strike);
    }

    /// They are as usual again, but for other reasons that they may have; what it did to messages.
    pub(crate) fn mend(&mut self, number: u32, ending: Ending) -> Vec<Toll> {
        self.degraded.end(number, ending)
    }

    /// Whether any links are worse than usual.
    pub(crate) fn are_degraded(&self) -> bool {
        !self.degraded.is_empty()
    }

    /// What degradations in force have done so far.
    pub(crate) fn tolls(&self) -> Vec<Toll> {
        self.degraded.tolls().collect()
    }

    /// Whether every message is looked at, though no rule of its link would ask for it.
    pub(crate) fn look_closely(&mut self, closely: bool) {
        let (from, to) = match closely {
            true => (&mut self.plain, &mut self.resting),
            false => (&mut self.resting, &mut self.plain),
        };
        if let Some(delay) = from.take() {
            *to = Some(delay);
        }
    }

    /// The network changes.
    pub(crate) fn change(&mut self, changed: &Changed) {
        if let Changed::Move(nodes, site) = changed {
            return self.sites.place(nodes, *site);
        }
        let Some(graph) = &mut self.graph else { return };
        let (add, remove) = self.overlays.change(graph, changed);
        *graph = graph.with_changes(&add, &remove);
        self.routes.clear();
    }

    /// How long messages waited for links and interfaces that have a rate.
    pub(crate) fn waits(&self) -> &Waits {
        &self.pipes.waits
    }
}

impl LinkKind {
    fn new(link: &setup::Link) -> LinkKind {
        LinkKind {
            class: LinkClass::of(link.class),
            delay: Sampler::new(&link.latency),
            rules: Rules::of_link(link),
            packets: link.packets,
            bandwidth: link.bandwidth,
        }
    }

    fn is_plain(&self) -> bool {
        self.rules.are_silent() && self.packets.is_none() && self.bandwidth.is_none()
    }
}

impl Fate {
    /// The same after a wait at the sender.
    fn after(self, waits: Nanos) -> Fate {
        match self {
            Fate::Arrives { delay, copy, altered } => {
                Fate::Arrives { delay: delay.saturating_add(waits), copy: copy.map(|copy| copy.saturating_add(waits)), altered }
            }
            fate => fate,
        }
    }
}

impl Packets {
    /// The bytes of a message's packets with their headers; an empty message is one packet.
    pub fn bytes(&self, message: u64) -> u64 {
        let packets = message.div_ceil(u64::from(self.payload_bytes)).max(1);
        message.saturating_add(packets.saturating_mul(u64::from(self.header_bytes)))
    }
}
