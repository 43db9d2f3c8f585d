//! The links: what becomes of one message that crosses one of them. Rules answer in a fixed order (room in the queue, loss,
//! delay, holding back, a second copy), each from its own lane of the crossing's draw, so that switching one on shifts no other.

mod overlay;
mod pipe;
mod sites;

use crate::histogram::Waits;
use crate::id::NodeId;
use crate::latency::Sampler;
use crate::ledger::LinkClass;
use crate::random::{Probability, lane};
use crate::setup::{self, Changed, Packets, Routing, Setup};
use crate::time::{Nanos, Time};
use crate::topology::{Graph, InvalidTopology, Routes, Topology, Tree};
use overlay::Overlays;
use pipe::Pipes;
use sites::Sites;
use std::sync::{Arc, OnceLock};

/// Lanes of a crossing's draw. The delay takes the draw itself.
const LOSS: u32 = 1;
const COPY: u32 = 2;
const COPY_DELAY: u32 = 3;
const HELD: u32 = 4;
const HELD_BY: u32 = 5;

/// The links, built once a run.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    /// The delay of every message, when all replicas are linked to all and no rule but the delay applies.
    plain: Option<Sampler>,
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
    loss: Probability,
    duplication: Probability,
    held_back: Option<(Probability, Sampler)>,
    packets: Option<Packets>,
    bandwidth: Option<setup::Bandwidth>,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It arrives after its delay; a second copy, if there is one, after another.
    Arrives(Nanos, Option<Nanos>),
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
            kinds,
            client_delay: network.client_latency.as_ref().map(Sampler::new),
            sites: Sites::new(&network.sites, setup.nodes),
            overlays: Overlays::default(),
            routes: Routes::new(),
            routing: network.routing,
            graph,
            pipes,
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
        kind.judge(&kind.delay, draw).after(waits)
    }

    /// The fate of what a client says or is told; `None` when clients live beside their replica.
    pub(crate) fn client_fate(&self, draw: u64) -> Option<Fate> {
        let delay = self.client_delay.as_ref()?;
        Some(match self.kinds[0].judge(delay, draw) {
            Fate::Arrives(delay, _) => Fate::Arrives(delay, None),
            fate => fate,
        })
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
            loss: link.loss,
            duplication: link.duplication,
            held_back: link.reordering.as_ref().map(|rule| (rule.probability, Sampler::new(&rule.extra))),
            packets: link.packets,
            bandwidth: link.bandwidth,
        }
    }

    fn is_plain(&self) -> bool {
        self.loss.is_never()
            && self.duplication.is_never()
            && self.held_back.is_none()
            && self.packets.is_none()
            && self.bandwidth.is_none()
    }

    fn judge(&self, delay: &Sampler, draw: u64) -> Fate {
        if self.loss.strikes(lane(draw, LOSS)) {
            return Fate::Lost;
        }
        let held_by = match &self.held_back {
            Some((probability, extra)) if probability.strikes(lane(draw, HELD)) => extra.sample(lane(draw, HELD_BY)),
            _ => 0,
        };
        let copied = self.duplication.strikes(lane(draw, COPY));
        Fate::Arrives(delay.sample(draw).saturating_add(held_by), copied.then(|| delay.sample(lane(draw, COPY_DELAY))))
    }
}

impl Fate {
    /// The same after a wait at the sender.
    fn after(self, waits: Nanos) -> Fate {
        match self {
            Fate::Arrives(delay, copy) => Fate::Arrives(delay.saturating_add(waits), copy.map(|copy| copy.saturating_add(waits))),
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
