//! The options of the programs that start containers, each by its long name and, after a blank, its letter.
//! Docker's are those of `docker run --help` and `docker create --help` (28.2) with the hidden ones, podman's those of
//! podman-run(1) (5.x), nerdctl's those of `nerdctl run --help` (2.x), Compose's those of its versions 1.29 and 2.40.

use super::cli_family::CliFamily;

/// The options of one command, or a part of them.
pub(super) struct OptionTable {
    /// What is on or off, and takes a value after `=` alone.
    pub(super) switches: &'static [&'static str],
    /// What takes a value.
    pub(super) valued: &'static [&'static str],
}

impl OptionTable {
    /// The long name of a long name or a letter, and whether it takes a value.
    pub(super) fn find_option(tables: &[&Self], wanted: impl Fn(&str, &str) -> bool) -> Option<(&'static str, bool)> {
        let entries = tables.iter().flat_map(|table| {
            let switches = table.switches.iter().map(|entry| (*entry, false));
            switches.chain(table.valued.iter().map(|entry| (*entry, true)))
        });
        let mut names = entries.map(|(entry, valued)| (entry.split_once(' ').unwrap_or((entry, "")), valued));
        names.find(|((long, short), _)| wanted(long, short)).map(|((long, _), valued)| (long, valued))
    }
}

/// The options before the subcommand.
pub(super) fn before_subcommand(family: CliFamily) -> &'static OptionTable {
    match family {
        CliFamily::Docker => &DOCKER,
        CliFamily::Podman => &PODMAN,
        CliFamily::Nerdctl => &NERDCTL,
    }
}

/// The options of `run` and `create`.
pub(super) fn of_run(family: CliFamily) -> &'static [&'static OptionTable] {
    match family {
        CliFamily::Docker => &[&RUN],
        CliFamily::Podman => &[&RUN, &PODMAN_RUN],
        CliFamily::Nerdctl => &[&RUN, &NERDCTL_RUN],
    }
}

/// `docker run` and `docker create`.
#[rustfmt::skip]
const RUN: OptionTable = OptionTable {
    switches: &[
        "detach d", "disable-content-trust", "help", "init", "interactive i", "no-healthcheck", "oom-kill-disable",
        "privileged", "publish-all P", "quiet q", "read-only", "rm", "sig-proxy", "tty t", "use-api-socket",
    ],
    valued: &[
        "add-host", "annotation", "attach a", "blkio-weight", "blkio-weight-device", "cap-add", "cap-drop",
        "cgroup-parent", "cgroupns", "cidfile", "cpu-count", "cpu-percent", "cpu-period", "cpu-quota", "cpu-rt-period",
        "cpu-rt-runtime", "cpu-shares c", "cpus", "cpuset-cpus", "cpuset-mems", "detach-keys", "device",
        "device-cgroup-rule", "device-read-bps", "device-read-iops", "device-write-bps", "device-write-iops", "dns",
        "dns-opt", "dns-option", "dns-search", "domainname", "entrypoint", "env e", "env-file", "expose", "gpus",
        "group-add", "health-cmd", "health-interval", "health-retries", "health-start-interval",
        "health-start-period", "health-timeout", "hostname h", "io-maxbandwidth", "io-maxiops", "ip", "ip6", "ipc",
        "isolation", "kernel-memory", "label l", "label-file", "link", "link-local-ip", "log-driver", "log-opt",
        "mac-address", "memory m", "memory-reservation", "memory-swap", "memory-swappiness", "mount", "name", "net",
        "net-alias", "network", "network-alias", "oom-score-adj", "pid", "pids-limit", "platform", "publish p",
        "pull", "restart", "runtime", "security-opt", "shm-size", "stop-signal", "stop-timeout", "storage-opt",
        "sysctl", "tmpfs", "ulimit", "user u", "userns", "uts", "volume v", "volume-driver", "volumes-from",
        "workdir w",
    ],
};

/// Podman's further options.
#[rustfmt::skip]
const PODMAN_RUN: OptionTable = OptionTable {
    switches: &[
        "env-host", "http-proxy", "no-hostname", "no-hosts", "passwd", "read-only-tmpfs", "replace", "rmi", "rootfs",
        "tls-verify", "unsetenv-all",
    ],
    valued: &[
        "arch", "authfile", "cert-dir", "cgroup-conf", "cgroups", "chrootdirs", "conmon-pidfile", "creds",
        "decryption-key", "env-merge", "gidmap", "group-entry", "health-log-destination", "health-max-log-count",
        "health-max-log-size", "health-on-failure", "health-startup-cmd", "health-startup-interval",
        "health-startup-retries", "health-startup-success", "health-startup-timeout", "hosts-file", "hostuser",
        "image-volume", "init-ctr", "init-path", "os", "passwd-entry", "personality", "pidfile", "pod", "pod-id-file",
        "preserve-fd", "preserve-fds", "rdt-class", "requires", "retry", "retry-delay", "sdnotify", "seccomp-policy",
        "secret", "shm-size-systemd", "signature-policy", "subgidname", "subuidname", "systemd", "timeout", "tz",
        "uidmap", "umask", "unsetenv", "variant",
    ],
};

/// Nerdctl's further options.
#[rustfmt::skip]
const NERDCTL_RUN: OptionTable = OptionTable {
    switches: &["rootfs", "insecure-registry"],
    valued: &[
        "cgroup-conf", "cosign-certificate-identity", "cosign-certificate-identity-regexp",
        "cosign-certificate-oidc-issuer", "cosign-certificate-oidc-issuer-regexp", "cosign-key", "init-binary",
        "ipfs-address", "pidfile", "rdt-class", "systemd", "umask", "verify",
    ],
};

/// Docker's options before the subcommand.
#[rustfmt::skip]
const DOCKER: OptionTable = OptionTable {
    switches: &["debug D", "help", "tls", "tlsverify", "version v"],
    valued: &["config", "context c", "host H", "log-level l", "tlscacert", "tlscert", "tlskey"],
};

/// Podman's options before the subcommand.
#[rustfmt::skip]
const PODMAN: OptionTable = OptionTable {
    switches: &["help h", "noout", "remote r", "syslog", "trace", "transient-store", "version v"],
    valued: &[
        "cdi-spec-dir", "cgroup-manager", "cni-config-dir", "config", "conmon", "connection c", "events-backend",
        "hooks-dir", "identity", "imagestore", "log-level", "module", "namespace", "network-cmd-path",
        "network-config-dir", "out", "pull-option", "registries-conf", "root", "runroot", "runtime", "runtime-flag",
        "ssh", "storage-driver", "storage-opt", "tls-ca", "tls-cert", "tls-key", "tmpdir", "url", "volumepath",
    ],
};

/// Nerdctl's options before the subcommand.
#[rustfmt::skip]
const NERDCTL: OptionTable = OptionTable {
    switches: &["debug", "debug-full", "experimental", "help h", "insecure-registry", "kube-hide-dupe", "version v"],
    valued: &[
        "address a", "bridge-ip", "cdi-spec-dirs", "cgroup-manager", "cni-netconfpath", "cni-path", "data-root",
        "global-dns", "global-dns-opts", "global-dns-search", "host H", "host-gateway-ip", "hosts-dir", "namespace n",
        "snapshotter", "storage-driver", "userns-remap",
    ],
};

/// Compose's options before the subcommand.
#[rustfmt::skip]
pub(super) const COMPOSE: OptionTable = OptionTable {
    switches: &[
        "all-resources", "compatibility", "dry-run", "help h", "insecure-registry", "no-ansi", "skip-hostname-check",
        "tls", "tlsverify", "verbose", "version v",
    ],
    valued: &[
        "ansi", "context c", "env-file", "file f", "host H", "log-level", "parallel", "profile", "progress",
        "project-directory", "project-name p", "tlscacert", "tlscert", "tlskey", "workdir",
    ],
};

/// `compose run`.
#[rustfmt::skip]
pub(super) const COMPOSE_RUN: OptionTable = OptionTable {
    switches: &[
        "build", "detach d", "dry-run", "help", "interactive i", "no-deps", "no-TTY T", "quiet q", "quiet-build",
        "quiet-pull", "remove-orphans", "rm", "service-ports P", "tty t", "use-aliases",
    ],
    valued: &[
        "cap-add", "cap-drop", "entrypoint", "env e", "env-from-file", "label l", "labels", "name", "publish p", "pull",
        "user u", "volume v", "volumes", "workdir w",
    ],
};

/// `exec` of docker, podman and nerdctl.
#[rustfmt::skip]
pub(super) const EXEC: OptionTable = OptionTable {
    switches: &["detach d", "help", "interactive i", "latest l", "no-session", "privileged", "tty t", "wait"],
    valued: &["cidfile", "detach-keys", "env e", "env-file", "preserve-fd", "preserve-fds", "user u", "workdir w"],
};

/// `compose exec`.
#[rustfmt::skip]
pub(super) const COMPOSE_EXEC: OptionTable = OptionTable {
    switches: &["detach d", "dry-run", "help", "interactive i", "no-TTY T", "privileged", "tty t"],
    valued: &["env e", "index", "user u", "workdir w"],
};

/// `compose up` and `compose create`.
#[rustfmt::skip]
pub(super) const COMPOSE_UP: OptionTable = OptionTable {
    switches: &[
        "abort-on-container-exit", "abort-on-container-failure", "always-recreate-deps", "attach-dependencies",
        "build", "detach d", "dry-run", "force-recreate", "help", "menu", "no-build", "no-color", "no-deps",
        "no-log-prefix", "no-recreate", "no-start", "quiet-build", "quiet-pull", "remove-orphans",
        "renew-anon-volumes V", "timestamps", "wait", "watch w", "yes y",
    ],
    valued: &[
        "attach", "exit-code-from", "no-attach", "pull", "scale", "timeout t", "wait-timeout",
    ],
};

/// `docker service create`.
#[rustfmt::skip]
pub(super) const SERVICE_CREATE: OptionTable = OptionTable {
    switches: &[
        "detach d", "help", "init", "no-healthcheck", "no-resolve-image", "quiet q", "read-only", "tty t",
        "with-registry-auth",
    ],
    valued: &[
        "cap-add", "cap-drop", "config", "constraint", "container-label", "credential-spec", "dns", "dns-option",
        "dns-search", "endpoint-mode", "entrypoint", "env e", "env-file", "generic-resource", "group", "health-cmd",
        "health-interval", "health-retries", "health-start-period", "health-timeout", "host", "hostname",
        "isolation", "label l", "limit-cpu", "limit-memory", "limit-pids", "log-driver", "log-opt", "max-concurrent",
        "mode", "mount", "name", "network", "placement-pref", "publish p", "replicas", "replicas-max-per-node",
        "reserve-cpu", "reserve-memory", "restart-condition", "restart-delay", "restart-max-attempts",
        "restart-window", "rollback-delay", "rollback-failure-action", "rollback-max-failure-ratio",
        "rollback-monitor", "rollback-order", "rollback-parallelism", "secret", "stop-grace-period", "stop-signal",
        "sysctl", "ulimit", "update-delay", "update-failure-action", "update-max-failure-ratio", "update-monitor",
        "update-order", "update-parallelism", "user u", "workdir w",
    ],
};

/// `docker stack deploy`.
#[rustfmt::skip]
pub(super) const STACK_DEPLOY: OptionTable = OptionTable {
    switches: &["detach d", "help", "prune", "quiet q", "with-registry-auth"],
    valued: &["compose-file c", "resolve-image"],
};

/// `docker build`, with the further options of podman and nerdctl that scripts use.
#[rustfmt::skip]
pub(super) const BUILD: OptionTable = OptionTable {
    switches: &[
        "check", "compress", "debug D", "disable-content-trust", "force-rm", "help", "layers", "load", "no-cache", "pull",
        "push", "quiet q", "rm", "squash", "squash-all", "tls-verify",
    ],
    valued: &[
        "add-host", "allow", "annotation", "attest", "build-arg", "build-context", "builder", "cache-from", "cache-to",
        "call", "cgroup-parent", "cpu-period", "cpu-quota", "cpu-shares c", "cpuset-cpus", "cpuset-mems", "file f",
        "format", "iidfile", "isolation", "jobs", "label", "memory m", "memory-swap", "metadata-file", "network",
        "no-cache-filter", "output o", "platform", "policy", "progress", "provenance", "sbom", "secret", "security-opt",
        "shm-size", "ssh", "tag t", "target", "ulimit", "userns", "volume v",
    ],
};

/// `compose build`.
#[rustfmt::skip]
pub(super) const COMPOSE_BUILD: OptionTable = OptionTable {
    switches: &[
        "check", "compress", "dry-run", "force-rm", "help", "no-cache", "no-rm", "parallel", "print", "pull", "push",
        "quiet q", "with-dependencies",
    ],
    valued: &["build-arg", "builder", "memory m", "progress", "provenance", "sbom", "ssh"],
};
