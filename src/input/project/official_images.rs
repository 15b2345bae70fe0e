//! The images of Docker Hub's `library`, and of makers of languages: those of languages, systems and services, none of
//! which has a program of ours in it. A name without a publisher that is none of them is one that somebody built on their own machine. Uses nothing else.
//! Source: the folder `library` of github.com/docker-library/official-images.

/// Their names, sorted.
const OFFICIAL_IMAGES: [&str; 157] = [
    "adminer",
    "aerospike",
    "almalinux",
    "alpine",
    "alt",
    "amazoncorretto",
    "amazonlinux",
    "api-firewall",
    "arangodb",
    "archlinux",
    "backdrop",
    "bash",
    "bonita",
    "buildpack-deps",
    "busybox",
    "caddy",
    "cassandra",
    "centos",
    "chronograf",
    "cirros",
    "clearlinux",
    "clefos",
    "clickhouse",
    "clojure",
    "composer",
    "consul",
    "convertigo",
    "couchbase",
    "couchdb",
    "crate",
    "crux",
    "dart",
    "debian",
    "docker",
    "drupal",
    "eclipse-mosquitto",
    "eclipse-temurin",
    "eggdrop",
    "elasticsearch",
    "elixir",
    "emqx",
    "erlang",
    "express-gateway",
    "fedora",
    "flink",
    "fluentd",
    "friendica",
    "gazebo",
    "gcc",
    "geonetwork",
    "ghost",
    "golang",
    "gradle",
    "groovy",
    "haproxy",
    "haskell",
    "haxe",
    "hello-world",
    "hitch",
    "httpd",
    "hylang",
    "ibm-semeru-runtimes",
    "ibmjava",
    "influxdb",
    "irssi",
    "jenkins",
    "jetty",
    "joomla",
    "jruby",
    "julia",
    "kapacitor",
    "kibana",
    "kong",
    "krakend",
    "lightstreamer",
    "liquibase",
    "logstash",
    "mageia",
    "mariadb",
    "matomo",
    "maven",
    "mediawiki",
    "memcached",
    "mongo",
    "mongo-express",
    "monica",
    "mono",
    "mysql",
    "nats",
    "nats-streaming",
    "neo4j",
    "neurodebian",
    "nextcloud",
    "nginx",
    "node",
    "notary",
    "odoo",
    "open-liberty",
    "openjdk",
    "opensuse",
    "oraclelinux",
    "orientdb",
    "percona",
    "perl",
    "photon",
    "php",
    "php-zendserver",
    "phpmyadmin",
    "plone",
    "postfixadmin",
    "postgres",
    "pypy",
    "python",
    "r-base",
    "rabbitmq",
    "rakudo-star",
    "rapidoid",
    "redis",
    "redmine",
    "registry",
    "rethinkdb",
    "rocket.chat",
    "rockylinux",
    "ros",
    "ruby",
    "rust",
    "sapmachine",
    "satosa",
    "scratch",
    "silverpeas",
    "sl",
    "solr",
    "sonarqube",
    "sourcemage",
    "spark",
    "spiped",
    "storm",
    "swift",
    "swipl",
    "teamspeak",
    "telegraf",
    "thrift",
    "tomcat",
    "tomee",
    "traefik",
    "ubuntu",
    "unit",
    "valkey",
    "varnish",
    "vault",
    "voidlinux",
    "websphere-liberty",
    "wordpress",
    "xwiki",
    "yourls",
    "znc",
    "zookeeper",
];

/// Those that makers of languages publish themselves.
const OF_MAKERS: [&str; 3] = ["denoland/deno", "ghcr.io/astral-sh/uv", "oven/bun"];
/// Where those are that have a language's runtime and not so much as a shell (github.com/GoogleContainerTools/distroless).
const DISTROLESS: &str = "gcr.io/distroless/";

/// Whether an image's name, with or without tag and digest, is one of them.
pub(super) fn is_official(image: &str) -> bool {
    let name = hub_name(image);
    OFFICIAL_IMAGES.binary_search(&name).is_ok() || OF_MAKERS.contains(&name) || name.starts_with(DISTROLESS)
}

/// An image's name on Docker Hub: without registry, `library`, tag and digest.
pub(super) fn hub_name(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let prefixes = ["docker.io/library/", "index.docker.io/library/", "docker.io/", "library/"];
    let name = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    name.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found_with_tags_and_digests() {
        assert!(OFFICIAL_IMAGES.is_sorted());
        for image in ["node", "node:22-slim", "debian@sha256:00", "docker.io/library/python:3.13", "rocket.chat:7"] {
            assert!(is_official(image), "{image}");
        }
        for image in ["factory-base", "factory-base:latest", "ghcr.io/acme/node:22", "acme/node", "localhost:5000/node"]
        {
            assert!(!is_official(image), "{image}");
        }
    }
}
