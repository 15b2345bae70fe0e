//! What a service may say besides what decides where its state is: little of each, written as it stands.

/// Keys of a service and YAML for them.
pub(crate) const SERVICE: &[(&str, &[&str])] = &[
    ("annotations", &["{a: 1, b: x}", "[a=1, \"b=${A:-x}\"]"]),
    ("attach", &["false", "\"${FLAG:-true}\""]),
    (
        "blkio_config",
        &[
            "{weight: 300, device_read_bps: [{path: /dev/sda, rate: 12mb}]}",
            "{weight_device: [{path: /dev/sda, weight: 4}]}",
        ],
    ),
    ("cap_drop", &["[ALL]", "[NET_RAW, \"${UNSET:-CHOWN}\"]"]),
    ("cgroup", &["host", "private"]),
    ("cgroup_parent", &["m-executor"]),
    ("cpu_count", &["2", "\"${NUM:-2}\""]),
    ("cpu_period", &["10000"]),
    ("cpu_quota", &["50000"]),
    ("cpu_shares", &["73", "\"73\""]),
    ("cpus", &["0.5", "\"1.50\"", "2"]),
    ("cpuset", &["0-3", "\"0,1\""]),
    ("credential_spec", &["{file: my.json}", "{registry: x}"]),
    (
        "develop",
        &[
            "{watch: [{path: ./src, action: sync, target: /src, ignore: [x/]}]}",
            "{watch: [{path: ., action: rebuild}]}",
        ],
    ),
    ("device_cgroup_rules", &["[\"c ${NUM:-1}:3 mr\"]"]),
    (
        "devices",
        &[
            "[\"/dev/ttyUSB0:/dev/ttyUSB0\"]",
            "[\"/dev/a:/dev/b:rwm\", /dev/c]",
            "[{source: /dev/x, target: /dev/y, permissions: r}]",
            "[vendor.com/class=one]",
        ],
    ),
    ("dns", &["1.1.1.1", "[1.1.1.1, \"${UNSET:-2.2.2.2}\"]"]),
    ("dns_opt", &["[use-vc, no-tld-query]"]),
    ("dns_search", &["example.com", "[a.example, b.example]"]),
    ("domainname", &["example.com"]),
    ("expose", &["[80, \"90\"]", "[\"3000-3002/tcp\"]", "[\"${NUM:-2}\"]"]),
    ("external_links", &["[redis, \"db:mysql\"]"]),
    ("gpus", &["all", "[{driver: nvidia, count: 2}]", "[{capabilities: [x], device_ids: [a]}]"]),
    ("group_add", &["[mail, 5]", "[\"1\"]"]),
    ("isolation", &["default"]),
    (
        "logging",
        &[
            "{driver: syslog, options: {syslog-address: \"tcp://x:1\"}}",
            "{options: {max-size: 10m, max-file: 3, n: null}}",
            "{driver: \"${UNSET:-json-file}\"}",
        ],
    ),
    ("mac_address", &["02:42:ac:11:65:43"]),
    ("mem_limit", &["1g", "64m", "1073741824", "\"${UNSET:-1gb}\"", "1.5g"]),
    ("mem_reservation", &["32m"]),
    ("mem_swappiness", &["10", "\"10\""]),
    ("memswap_limit", &["2g", "-1"]),
    ("oom_kill_disable", &["true"]),
    ("oom_score_adj", &["100", "-500"]),
    ("pids_limit", &["10", "-1"]),
    ("platform", &["linux/amd64", "\"${UNSET:-linux/arm64/v8}\""]),
    (
        "post_start",
        &[
            "[{command: ./start.sh, user: root, privileged: true, working_dir: /x, environment: [A=b]}]",
            "[{command: [a, \"b c\"]}]",
        ],
    ),
    ("pre_stop", &["[{command: sh -c 'a b'}]"]),
    ("provider", &["{type: awesome, options: {type: mysql, n: 1}}"]),
    ("pull_policy", &["always", "missing", "build", "never", "daily", "every_12h", "if_not_present"]),
    ("runtime", &["runc"]),
    ("security_opt", &["[\"label:user:USER\", no-new-privileged]"]),
    ("shm_size", &["64m", "\"1gb\"", "67108864"]),
    ("stop_grace_period", &["1m30s", "10s", "\"${UNSET:-500ms}\"", "1h", "0s"]),
    ("stop_signal", &["SIGUSR1"]),
    ("storage_opt", &["{size: 1G}"]),
    ("sysctls", &["{net.core.somaxconn: 1024, a: x}", "[net.core.somaxconn=1024]"]),
    (
        "ulimits",
        &[
            "{nproc: 65535}",
            "{nofile: {soft: 20000, hard: 40000}, core: \"${NUM:-2}\"}",
            "{nofile: {soft: -1, hard: -1}}",
        ],
    ),
    ("use_api_socket", &["true"]),
    ("userns_mode", &["host"]),
    ("uts", &["host"]),
    ("x-own", &["word", "{a: [1, 2.50, true, null, \"${A:-x}\"]}", "2024-01-01", "0x1F", "[a, b]", "null"]),
    (
        "deploy",
        &[
            "{mode: global, endpoint_mode: vip}",
            "{resources: {limits: {cpus: \"0.50\", memory: 50M, pids: 1}, reservations: {cpus: 0.25, memory: 20M, devices: [{capabilities: [gpu], count: 1}]}}}",
            "{restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 120s}}",
            "{update_config: {parallelism: 2, delay: 10s, order: stop-first, failure_action: rollback}, rollback_config: {parallelism: 0, max_failure_ratio: 0.5}}",
            "{placement: {constraints: [\"node.role==manager\"], preferences: [{spread: x}], max_replicas_per_node: 1}}",
            "{labels: [a=b, c]}",
            "{resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: x, value: 1}}]}}}",
        ],
    ),
    (
        "build",
        &[
            "{context: ., args: [A=1, B, \"C=${A:-x}\"], target: final, labels: {a: b}, network: host}",
            "{context: ./ctx, cache_from: [a, \"type=local,src=x\"], cache_to: [b], platforms: [linux/amd64], tags: [\"a:${NUM:-2}\"]}",
            "{dockerfile_inline: \"FROM x\\nRUN y\"}",
            "{context: ., additional_contexts: {a: ./a, b: \"docker-image://x\"}, no_cache: true, pull: \"${FLAG:-true}\"}",
            "{context: ., additional_contexts: [a=../a, b=https://x/y.git], shm_size: 1g, extra_hosts: [\"a=1.2.3.4\"]}",
            "{context: ., ssh: [default], isolation: default, privileged: true, ulimits: {nofile: 1}, entitlements: [network.host]}",
            "{context: ., dockerfile: /abs/Dockerfile}",
            "{}",
            "{context: \"${DIR:-./dir}\", labels: [a=b]}",
        ],
    ),
    (
        "networks",
        &[
            "{default: {aliases: [a], ipv4_address: 10.0.0.2, priority: 5}}",
            "{default: {driver_opts: {a: b}, mac_address: \"02:42:ac:11:65:43\", gw_priority: 1, interface_name: eth0}}",
            "[default]",
            "{default: {}}",
        ],
    ),
    (
        "healthcheck",
        &[
            "{test: [CMD-SHELL, \"a b\"], start_period: 5s, start_interval: 1s, timeout: 1.5s}",
            "{test: \"\"}",
            "{disable: \"${FLAG:-true}\"}",
            "{test: NONE}",
        ],
    ),
    (
        "ports",
        &[
            "[{target: 80, published: 8080, host_ip: 127.0.0.1, mode: host, name: web, app_protocol: http}]",
            "[\"80/udp\", 81]",
            "[\"0.0.0.0:1000-1002:2000-2002\"]",
            "[{target: 80, published: \"8000-8010\"}]",
            "[\"127.0.0.1::80\"]",
        ],
    ),
];

/// Networks.
pub(crate) const NETWORKS: &[&str] = &[
    "null",
    "{driver: bridge}",
    "{external: true}",
    "{external: true, name: \"there-${A:+x}\"}",
    "{internal: \"${FLAG:-true}\", labels: [a=b]}",
    "{ipam: {driver: default, config: [{subnet: 10.0.0.0/16, gateway: 10.0.0.1, aux_addresses: {a: 10.0.0.2}}], options: {a: b}}}",
    "{driver_opts: {a: 1}, attachable: true, enable_ipv6: true, name: own}",
    "{driver: overlay, enable_ipv4: false}",
];

/// What stands beside the services and is for nobody else.
pub(crate) const TOP: &[(&str, &[&str])] = &[
    ("x-top", &["{a: 1.50, b: [null, true]}", "\"${A:-x}\"", "2024-01-01", "0o17"]),
    ("version", &["\"3.8\"", "\"2\""]),
    ("models", &["{llm: {model: ai/x, context_size: 1024}}"]),
];
