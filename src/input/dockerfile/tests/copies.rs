//! What COPY and ADD put at a path.

use super::find;

#[test]
fn copied_files_are_found() {
    find(
        "/run.sh",
        &[
            ("COPY run.sh /run.sh", "run.sh"),
            ("COPY run.sh /", "run.sh"),
            ("COPY [\"run.sh\", \"/run.sh\"]", "run.sh"),
            ("COPY --chown=a:b --chmod=755 --link bin/run.sh /run.sh", "bin/run.sh"),
            ("COPY bin/run.sh /\nCOPY run.sh /", "run.sh"),
            ("COPY run.sh bin/run.sh /", "bin/run.sh"),
            ("COPY bin/ /", "bin/run.sh"),
            ("COPY . /", "run.sh"),
            ("COPY ../run.sh /", "run.sh"),
            ("COPY *.sh /", "run.sh"),
            ("COPY r?n.[a-s]h /", "run.sh"),
            ("COPY bin/* /", "bin/run.sh"),
            ("COPY **/run.sh /", "bin/run.sh"),
            ("COPY run.sh /other.sh", "base"),
            ("COPY app /", "base"),
            ("COPY missing.sh /run.sh", "?"),
            ("COPY missing /", "?"),
            ("COPY missing.sh /", "base"),
            ("ADD run.sh /", "run.sh"),
            ("ADD pack.tar.gz /", "?"),
            ("COPY pack.tar.gz /", "base"),
            ("ADD https://x.org/run.sh /run.sh", "?"),
            ("ADD https://x.org/run.sh /opt/", "base"),
            ("ADD git@github.com:a/b.git /", "?"),
            ("COPY run.sh $D/", "?"),
            ("ENV D=/\nCOPY run.sh $D", "run.sh"),
            ("COPY run.sh /opt/$D", "base"),
            ("COPY $F /run.sh", "?"),
            ("COPY --exclude=*.sh . /", "?"),
            ("COPY --exclude=*.py . /", "run.sh"),
            ("FROM scratch\nCOPY bin/stop.sh /", "absent"),
            ("FROM scratch\nRUN x", "?"),
        ],
    );
}

#[test]
fn files_of_copied_directories_are_found() {
    find(
        "/app/run.sh",
        &[
            ("COPY bin /app", "bin/run.sh"),
            ("COPY bin/ /app/", "bin/run.sh"),
            ("COPY . /app", "run.sh"),
            ("WORKDIR /app\nCOPY . .", "run.sh"),
            ("WORKDIR /app\nCOPY run.sh .", "run.sh"),
            ("WORKDIR /app\nCOPY run.sh ./", "run.sh"),
            ("WORKDIR /\nCOPY bin app", "bin/run.sh"),
            ("COPY run.sh .", "base"),
            ("FROM mine\nCOPY run.sh .", "?"),
            ("COPY run.sh /app/", "run.sh"),
            // A file called `app`, unless the base has a directory of that name.
            ("COPY run.sh /app", "?"),
            ("RUN mkdir -p /app\nCOPY run.sh /app", "run.sh"),
            ("COPY bin /app\nCOPY run.sh /app", "run.sh"),
            ("FROM scratch\nCOPY run.sh /app", "absent"),
            ("COPY bin /", "base"),
            ("COPY --parents bin/run.sh /app", "base"),
            ("COPY --parents ./bin/./run.sh /app/", "bin/run.sh"),
        ],
    );
    find(
        "/app/bin/run.sh",
        &[("COPY --parents bin/run.sh /app/", "bin/run.sh"), ("COPY --parents b* /app/", "bin/run.sh")],
    );
    find("/app/deep/run.sh", &[("COPY bin /app", "bin/deep/run.sh"), ("COPY bin/* /app/", "base")]);
    find("/app/deep", &[("COPY bin /app", "? it is a directory")]);
    find(
        "/usr/local/bin/run.sh",
        &[("COPY run.sh /usr/local/bin", "run.sh"), ("COPY bin/*.sh /usr/local/bin", "bin/run.sh")],
    );
    find("/usr/local/bin/../bin//run.sh", &[("COPY run.sh /usr/local/bin/", "run.sh")]);
}

#[test]
fn copied_here_documents_are_found() {
    find(
        "/x",
        &[
            ("COPY <<EOF /x\na\nb\nEOF\nUSER u", "<a~b~>"),
            ("COPY <<x /\na\nx", "<a~>"),
            ("COPY <<-'EOF' /x\n\ta $v\n\tEOF", "<a $v~>"),
            ("ARG v=1\nCOPY <<EOF /x\n'$v' \"\\$v\" $w\nEOF", "<'1' \"$v\" ${w}~|w>"),
            ("COPY <<a <<\"x\" /\n1\na\n$2\nx", "<$2~>"),
            ("COPY --chmod=755 <<EOF /x\n#!/bin/sh\n\n# c\nEOF", "<#!/bin/sh~~# c~>"),
            ("ADD <<EOF /x\na\nEOF", "<a~>"),
            ("FROM debian AS b\nONBUILD COPY <<EOF /x\na\nEOF\nFROM b", "<a~>"),
        ],
    );
}

#[test]
fn files_of_other_stages_are_found() {
    find(
        "/usr/bin/run.sh",
        &[
            ("FROM a AS b\nCOPY run.sh /out/\nFROM c\nCOPY --from=b /out/run.sh /usr/bin/", "run.sh"),
            ("FROM a AS b\nCOPY run.sh /out/\nFROM c\nCOPY --from=0 out/run.sh /usr/bin/run.sh", "run.sh"),
            ("FROM a AS b\nCOPY bin /out\nFROM c\nCOPY --from=B /out /usr/bin", "bin/run.sh"),
            ("FROM a AS b\nCOPY bin /out\nFROM c\nCOPY --from=b /out/*.sh /usr/bin/", "bin/run.sh"),
            ("FROM a AS b\nCOPY run.sh /x\nFROM c\nCOPY --from=b /x /usr/bin/run.sh", "run.sh"),
            ("FROM a AS b\nCOPY run.sh /x\nFROM b\nRUN mv /x /usr/bin/run.sh", "run.sh"),
            ("FROM a AS b\nFROM c\nCOPY --from=b /x /usr/bin/run.sh", "?"),
            ("FROM scratch AS b\nCOPY run.sh /x\nFROM c\nCOPY --from=b /x /usr/bin/", "base"),
            ("FROM c\nCOPY --from=nginx:1 /x /usr/bin/run.sh", "?"),
            ("FROM c\nCOPY --from=nginx:1 /x /opt/", "base"),
            ("FROM c\nCOPY --from=nginx:1 /x /usr/bin/\nCOPY run.sh /usr/bin/", "run.sh"),
            ("FROM c\nCOPY --from=$S /x /usr/bin/run.sh", "?"),
        ],
    );
}
