//! What a RUN does to a path that something was copied to.

use super::find;

/// The cases follow a copy of `run.sh` to `/app/run.sh`.
fn after(cases: &[(&str, &str)]) {
    let whole: Vec<(String, &str)> = cases
        .iter()
        .map(|(run, found)| (format!("WORKDIR /app\nENV D=/app\nCOPY run.sh ./\nRUN {run}"), *found))
        .collect();
    let whole: Vec<(&str, &str)> = whole.iter().map(|(text, found)| (text.as_str(), *found)).collect();
    find("/app/run.sh", &whole);
}

#[test]
fn harmless_commands_keep_the_file() {
    after(&[
        ("apt-get update && apt-get install -y curl", "run.sh"),
        ("chmod +x /app/run.sh && chown -R a:b /app", "run.sh"),
        ("chmod +x run.sh", "run.sh"),
        ("[\"chmod\", \"+x\", \"run.sh\"]", "run.sh"),
        ("sed -i 's/\\r$//' /app/run.sh", "run.sh"),
        ("sed -i \"s/\\r$//\" /app/*.sh", "run.sh"),
        ("sed -i -e 's/\\r//g' $D/run.sh && chmod +x $D/run.sh", "run.sh"),
        ("sed -i s/\\\\r\\$// run.sh", "run.sh"),
        ("find /app -name '*.sh' -exec sed -i 's/\\r$//' {} +", "run.sh"),
        ("dos2unix run.sh && ./run.sh --install", "run.sh"),
        ("sed 's/a/b/' run.sh", "run.sh"),
        ("test -f /app/run.sh && bash -n /app/run.sh && ls -l /app", "run.sh"),
        ("useradd -m -d /app app && mkdir -p /app/data", "run.sh"),
        ("echo 'see /app/run.sh' > /etc/motd", "run.sh"),
        ("ln -s /app/run.sh /usr/local/bin/run", "run.sh"),
        ("cp /app/run.sh /opt/ && rm -rf /app/node_modules /var/lib/apt/lists/*", "run.sh"),
        ("npm ci", "run.sh"),
        ("curl -o /app/other.sh https://x.org/run.sh", "run.sh"),
        ("git config --global --add safe.directory /app", "run.sh"),
    ]);
}

#[test]
fn other_commands_make_the_file_unknown() {
    after(&[
        ("sed -i 's/a/b/' /app/run.sh", "? `sed`, which is run while the image is built, may change it"),
        ("sed -i 's/\\r$//; s/a/b/' run.sh", "?"),
        ("sed -i -f x run.sh", "?"),
        ("for f in /app/*.sh; do sed -i s/a/b/ \"$f\"; done", "?"),
        ("find /app -name '*.sh' -exec perl -pi -e 's/a/b/' {} +", "?"),
        ("cat > /app/run.sh <<EOF\nx\nEOF", "? a command writes to it while the image is built"),
        ("echo x >> run.sh", "?"),
        ("echo x >>\"$D/run.sh\"", "?"),
        ("echo x | tee -a run.sh", "?"),
        ("curl -o /app/run.sh https://x", "?"),
        ("curl -o/app/run.sh https://x", "?"),
        ("curl --output=/app/run.sh https://x", "?"),
        ("dd if=/x of=/app/run.sh", "?"),
        ("tar -xf /x.tar -C /app", "?"),
        ("cd / && wget -O app/run.sh https://x", "?"),
        ("git clone https://x /app", "?"),
        ("python3 -c \"open('/app/run.sh', 'w')\"", "?"),
        ("<<EOF\n#!/usr/bin/python3\nopen('/app/run.sh', 'w')\nEOF", "?"),
        ("<<EOF\npatch run.sh < x\nEOF", "?"),
        ("[ -f x ] || rm /app/run.sh", "?"),
        ("rm /app/run.sh", "absent"),
        ("rm -rf /app", "absent"),
        ("mv /app/run.sh /opt/", "absent"),
        ("mv /app /opt/", "absent"),
        ("cp /x/run.sh .", "? it is made of something that is not in the Dockerfile"),
        ("cp /x/*.sh .", "?"),
        ("cp -r /x/. /app", "? it is made of something that is not in the Dockerfile"),
    ]);
}

#[test]
fn moved_and_linked_files_are_followed() {
    find(
        "/usr/bin/go",
        &[
            ("COPY run.sh /a/\nRUN cp /a/run.sh /usr/bin/go", "run.sh"),
            ("COPY run.sh /a/\nRUN install -m 755 /a/run.sh /usr/bin/go && chmod +x /usr/bin/go", "run.sh"),
            ("COPY run.sh /a/go\nRUN cp /a/go /usr/bin/ && rm -r /a", "run.sh"),
            ("COPY run.sh /a/go\nRUN cp /a/* /usr/bin/", "run.sh"),
            ("COPY run.sh /a/go\nRUN cp -r /a/. /usr/bin", "run.sh"),
            ("COPY run.sh /a/go\nRUN mv -t /usr/bin /a/x /a/go", "run.sh"),
            ("COPY run.sh /a/x\nRUN cp /a/x /b && mv /b /usr/bin/go", "run.sh"),
            ("COPY run.sh /a/x\nWORKDIR /a\nRUN ln x /usr/bin/go", "run.sh"),
            ("COPY run.sh /a/x\nRUN cd /a && cp x /usr/bin/go", "?"),
            ("COPY run.sh /a/x\nRUN cp /a/$X /usr/bin/go", "?"),
            ("RUN cp /a/x /usr/bin/other", "base"),
            ("RUN ln -s /a/x /usr/bin/go", "-> /a/x"),
            ("RUN ln -sfn ../lib/go /usr/bin/go", "-> /usr/lib/go"),
            ("RUN ln -s /a/go /usr/bin", "-> /a/go"),
            ("RUN ln -s /a/go /a/x /usr/bin/", "-> /a/go"),
            ("WORKDIR /usr/bin\nRUN ln -s /a/x go", "-> /a/x"),
            ("WORKDIR /usr/bin\nRUN ln -s /a/go", "?"),
            ("RUN if [ -e /x ]; then ln -s /a/x /usr/bin/go; fi", "?"),
        ],
    );
    find(
        "/app/run.sh",
        &[
            ("COPY bin /opt/app/bin\nRUN ln -s /opt/app/bin /app", "bin/run.sh"),
            ("RUN ln -s /opt/app/bin /app\nCOPY bin /opt/app/bin", "bin/run.sh"),
            ("RUN ln -s /opt/app/bin /app", "base"),
            ("COPY bin /opt/app\nRUN rm -rf /app && ln -s /opt/app /app", "bin/run.sh"),
            ("RUN ln -s /app /app", "?"),
            ("RUN ln -s /opt/b /app\nRUN ln -s /app /opt/b", "?"),
        ],
    );
}
