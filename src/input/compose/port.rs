//! The short syntax of ports (Compose spec, "ports: short syntax"). Pure. May use `text`.

use std::net::IpAddr;
use std::rc::Rc;

use super::tree::{entry, mapping, text, typed};
use crate::text::yaml::Node;

/// `[HOST:]CONTAINER[/PROTOCOL]` in the long syntax, one element for each port of the container.
///
/// # Errors
/// Why Compose refuses it.
pub(super) fn canonical(item: &Rc<Node>, written: &str) -> Result<Vec<Rc<Node>>, String> {
    let (rest, container) = written.rsplit_once(':').map_or(("", written), |(rest, container)| (rest, container));
    let (host, published) = rest.rsplit_once(':').unwrap_or(("", rest));
    let (container, protocol) = container.split_once('/').unwrap_or((container, "tcp"));
    let protocol = protocol.split('/').next().unwrap_or("").to_lowercase();
    let protocol = if protocol.is_empty() { "tcp".to_owned() } else { protocol };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if !host.is_empty() && host.parse::<IpAddr>().is_err() {
        return Err("what stands before the ports is no IP address".to_owned());
    }
    let (first, last) = range(container)?;
    let published_range = if published.is_empty() { None } else { Some(range(published)?) };
    if let Some((from, to)) = published_range
        && to - from != last - first
        && first != last
    {
        return Err("as many ports of the host are needed as of the container".to_owned());
    }
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err("a port's protocol is tcp, udp or sctp".to_owned());
    }
    let span = item.span;
    let mut ports: Vec<(String, Rc<Node>)> = (0..=last - first)
        .map(|offset| {
            let target = (first + offset).to_string();
            let published = published_range.map(|(from, to)| {
                let only = first == last && from != to;
                if only { format!("{from}-{to}") } else { (from + offset).to_string() }
            });
            let mut entries = vec![entry("mode", span, text(span, "ingress"))];
            if !host.is_empty() {
                entries.push(entry("host_ip", span, text(span, host)));
            }
            entries.push(entry("target", span, typed(span, target.as_str())));
            entries.extend(published.map(|published| entry("published", span, text(span, published))));
            entries.push(entry("protocol", span, text(span, protocol.as_str())));
            (target, mapping(span, entries))
        })
        .collect();
    // Compose sorts them as text.
    ports.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(ports.into_iter().map(|(_, port)| port).collect())
}

fn range(text: &str) -> Result<(u32, u32), String> {
    let number =
        |text: &str| text.parse::<u16>().map(u32::from).map_err(|_| "a port is a number up to 65535".to_owned());
    let mut parts = text.split('-');
    let first = number(parts.next().unwrap_or(""))?;
    let last = parts.next().map_or(Ok(first), number)?;
    if last < first { Err("a range of ports ends before it begins".to_owned()) } else { Ok((first, last)) }
}
