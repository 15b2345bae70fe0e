//! What each attribute of a resolved project is printed as (compose-go, package `types`: names, kinds, and what is left
//! out where it is empty). Pure; uses nothing of this crate.

/// What a value is printed as. Unless it says otherwise, a value that is empty, zero or false is left out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Text.
    Text,
    /// Text, also where it is empty.
    KeptText,
    /// `true`, or nothing.
    Bool,
    /// `true` or `false`, where it is written.
    KeptBool,
    /// A whole number.
    Int,
    /// A whole number, also zero.
    KeptInt,
    /// A number of 32 bits.
    Float,
    /// A number of bytes, as text: `1g` is `"1073741824"`.
    Bytes,
    /// A duration as Go writes it.
    Duration,
    /// A duration, also of no length.
    KeptDuration,
    /// A file's mode, as text in octal.
    FileMode,
    /// Words, or one text that is split; `null` where there are none.
    Words,
    /// A health check's words; one text is for a shell.
    Test,
    /// A list of texts, or one text.
    Texts,
    /// Names with a text each, null being an empty one.
    Map,
    /// Names with a text or null.
    Variables,
    /// Names with lists of texts.
    Lists,
    /// Hosts with their addresses, as sorted `HOST=ADDRESS`.
    Hosts,
    /// Identifiers of ssh keys.
    SshKeys,
    /// A limit: a number, or a soft and a hard one.
    Ulimit,
    /// A number of devices, or all of them.
    Count,
    /// A list.
    List(&'static Shape),
    /// Names with a value each, null where there is none.
    Dict(&'static Shape),
    /// A mapping of known keys, also where it is empty.
    Record(&'static [Field]),
    /// A mapping of known keys, also where it is not written.
    KeptRecord(&'static [Field]),
}

/// A key, what it is printed as, and its shape.
pub(super) type Field = (&'static str, Shape);

use Shape::{
    Bool, Bytes, Count, Dict, Duration, FileMode, Float, Hosts, Int, KeptBool, KeptDuration, KeptInt, KeptRecord,
    KeptText, List, Lists, Map, Record, SshKeys, Test, Text, Texts, Ulimit, Variables, Words,
};

const FILE_REFERENCE: Shape =
    Record(&[("source", Text), ("target", Text), ("uid", Text), ("gid", Text), ("mode", FileMode)]);

const HOOK: &[Field] =
    &[("command", Words), ("user", Text), ("privileged", Bool), ("working_dir", Text), ("environment", Variables)];

const BUILD: Shape = Record(&[
    ("context", Text),
    ("dockerfile", Text),
    ("dockerfile_inline", Text),
    ("entitlements", Texts),
    ("args", Variables),
    ("provenance", Text),
    ("sbom", Text),
    ("ssh", SshKeys),
    ("labels", Map),
    ("cache_from", Texts),
    ("cache_to", Texts),
    ("no_cache", Bool),
    ("additional_contexts", Map),
    ("pull", Bool),
    ("extra_hosts", Hosts),
    ("isolation", Text),
    ("network", Text),
    ("target", Text),
    ("secrets", List(&FILE_REFERENCE)),
    ("shm_size", Bytes),
    ("tags", Texts),
    ("ulimits", Dict(&Ulimit)),
    ("platforms", Texts),
    ("privileged", Bool),
]);

const WEIGHT: Shape = Record(&[("path:Path", KeptText), ("weight:Weight", KeptInt)]);
const RATE: Shape = Record(&[("path:Path", KeptText), ("rate:Rate", Bytes)]);

const DEVICE_REQUEST: Shape =
    Record(&[("capabilities", Texts), ("driver", Text), ("count", Count), ("device_ids", Texts), ("options", Map)]);

const UPDATE: Shape = Record(&[
    ("parallelism", KeptInt),
    ("delay", Duration),
    ("failure_action", Text),
    ("monitor", Duration),
    ("max_failure_ratio", Float),
    ("order", Text),
]);

const RESOURCE: Shape = Record(&[
    ("cpus", Float),
    ("memory", Bytes),
    ("pids", Int),
    ("devices", List(&DEVICE_REQUEST)),
    (
        "generic_resources",
        List(&Record(&[("discrete_resource_spec", Record(&[("kind", KeptText), ("value", KeptInt)]))])),
    ),
]);

const DEPLOY: Shape = Record(&[
    ("mode", Text),
    ("replicas", KeptInt),
    ("labels", Map),
    ("update_config", UPDATE),
    ("rollback_config", UPDATE),
    ("resources", KeptRecord(&[("limits", RESOURCE), ("reservations", RESOURCE)])),
    (
        "restart_policy",
        Record(&[("condition", Text), ("delay", KeptDuration), ("max_attempts", KeptInt), ("window", KeptDuration)]),
    ),
    (
        "placement",
        KeptRecord(&[
            ("constraints", Texts),
            ("preferences", List(&Record(&[("spread", Text)]))),
            ("max_replicas_per_node", Int),
        ]),
    ),
    ("endpoint_mode", Text),
]);

const NETWORK_USE: Shape = Record(&[
    ("aliases", Texts),
    ("driver_opts", Map),
    ("gw_priority", Int),
    ("interface_name", Text),
    ("ipv4_address", Text),
    ("ipv6_address", Text),
    ("link_local_ips", Texts),
    ("mac_address", Text),
    ("priority", Int),
]);

const VOLUME_USE: Shape = Record(&[
    ("type", Text),
    ("source", Text),
    ("target", Text),
    ("read_only", Bool),
    ("consistency", Text),
    ("bind", Record(&[("selinux", Text), ("propagation", Text), ("create_host_path", Bool), ("recursive", Text)])),
    ("volume", Record(&[("labels", Map), ("nocopy", Bool), ("subpath", Text)])),
    ("tmpfs", Record(&[("size", Bytes), ("mode", Int)])),
    ("image", Record(&[("subpath", Text)])),
]);

const PORT: Shape = Record(&[
    ("name", Text),
    ("mode", Text),
    ("host_ip", Text),
    ("target", Int),
    ("published", Text),
    ("protocol", Text),
    ("app_protocol", Text),
]);

const TRIGGER: Shape = Record(&[
    ("path", KeptText),
    ("action", KeptText),
    ("target", Text),
    ("exec", KeptRecord(HOOK)),
    ("include", Texts),
    ("ignore", Texts),
    ("initial_sync", Bool),
]);

/// A service. Its environment and labels are read with its files and are not here.
pub(super) const SERVICE: &[Field] = &[
    ("profiles", Texts),
    ("annotations", Map),
    ("attach", KeptBool),
    ("build", BUILD),
    ("develop", Record(&[("watch", List(&TRIGGER))])),
    (
        "blkio_config",
        Record(&[
            ("weight", Int),
            ("weight_device", List(&WEIGHT)),
            ("device_read_bps", List(&RATE)),
            ("device_read_iops", List(&RATE)),
            ("device_write_bps", List(&RATE)),
            ("device_write_iops", List(&RATE)),
        ]),
    ),
    ("cap_add", Texts),
    ("cap_drop", Texts),
    ("cgroup_parent", Text),
    ("cgroup", Text),
    ("cpu_count", Int),
    ("cpu_percent", Float),
    ("cpu_period", Int),
    ("cpu_quota", Int),
    ("cpu_rt_period", Int),
    ("cpu_rt_runtime", Int),
    ("cpus", Float),
    ("cpuset", Text),
    ("cpu_shares", Int),
    ("command", Words),
    ("configs", List(&FILE_REFERENCE)),
    ("container_name", Text),
    ("credential_spec", Record(&[("config", Text), ("file", Text), ("registry", Text)])),
    ("depends_on", Dict(&Record(&[("condition", Text), ("restart", Bool), ("required", KeptBool)]))),
    ("deploy", DEPLOY),
    ("device_cgroup_rules", Texts),
    ("devices", List(&Record(&[("source", Text), ("target", Text), ("permissions", Text)]))),
    ("dns", Texts),
    ("dns_opt", Texts),
    ("dns_search", Texts),
    ("domainname", Text),
    ("entrypoint", Words),
    ("provider", Record(&[("type", Text), ("options", Lists)])),
    ("expose", Texts),
    ("external_links", Texts),
    ("extra_hosts", Hosts),
    ("group_add", Texts),
    ("gpus", List(&DEVICE_REQUEST)),
    ("hostname", Text),
    (
        "healthcheck",
        Record(&[
            ("test", Test),
            ("timeout", KeptDuration),
            ("interval", KeptDuration),
            ("retries", KeptInt),
            ("start_period", KeptDuration),
            ("start_interval", KeptDuration),
            ("disable", Bool),
        ]),
    ),
    ("image", Text),
    ("init", KeptBool),
    ("ipc", Text),
    ("isolation", Text),
    ("links", Texts),
    ("logging", Record(&[("driver", Text), ("options", Map)])),
    ("mem_limit", Bytes),
    ("mem_reservation", Bytes),
    ("memswap_limit", Bytes),
    ("mem_swappiness", Bytes),
    ("mac_address", Text),
    ("models", Dict(&Record(&[("endpoint_var", Text), ("model_var", Text)]))),
    ("network_mode", Text),
    ("networks", Dict(&NETWORK_USE)),
    ("oom_kill_disable", Bool),
    ("oom_score_adj", Int),
    ("pid", Text),
    ("pids_limit", Int),
    ("platform", Text),
    ("ports", List(&PORT)),
    ("privileged", Bool),
    ("pull_policy", Text),
    ("read_only", Bool),
    ("restart", Text),
    ("runtime", Text),
    ("scale", KeptInt),
    ("secrets", List(&FILE_REFERENCE)),
    ("security_opt", Texts),
    ("shm_size", Bytes),
    ("stdin_open", Bool),
    ("stop_grace_period", KeptDuration),
    ("stop_signal", Text),
    ("storage_opt", Map),
    ("sysctls", Map),
    ("tmpfs", Texts),
    ("tty", Bool),
    ("ulimits", Dict(&Ulimit)),
    ("use_api_socket", Bool),
    ("user", Text),
    ("userns_mode", Text),
    ("uts", Text),
    ("volumes", List(&VOLUME_USE)),
    ("volumes_from", Texts),
    ("working_dir", Text),
    ("post_start", List(&Record(HOOK))),
    ("pre_stop", List(&Record(HOOK))),
];

/// A top-level network.
pub(super) const NETWORK: Shape = Record(&[
    ("name", Text),
    ("driver", Text),
    ("driver_opts", Map),
    (
        "ipam",
        KeptRecord(&[
            ("driver", Text),
            (
                "config",
                List(&Record(&[("subnet", Text), ("gateway", Text), ("ip_range", Text), ("aux_addresses", Map)])),
            ),
        ]),
    ),
    ("external", Bool),
    ("internal", Bool),
    ("attachable", Bool),
    ("labels", Map),
    ("enable_ipv4", KeptBool),
    ("enable_ipv6", KeptBool),
]);

/// A top-level volume.
pub(super) const VOLUME: Shape =
    Record(&[("name", Text), ("driver", Text), ("driver_opts", Map), ("external", Bool), ("labels", Map)]);

/// A top-level secret or config. A secret has no content that is printed.
pub(super) const FILE_OBJECT: Shape = Record(&[
    ("name", Text),
    ("file", Text),
    ("environment", Text),
    ("content", Text),
    ("external", Bool),
    ("labels", Map),
    ("driver", Text),
    ("driver_opts", Map),
    ("template_driver", Text),
]);
