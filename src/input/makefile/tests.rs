//! What is read of Makefiles, held against what make says that it would run where make is installed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::read_entries;
use crate::input::compose::{Context, Options};
use crate::input::shell::file_system::Lookup;
use crate::input::{LoadContext, ProgramNames};
use crate::text::{Reader, Sources};

/// The commands of each target of a Makefile, and why it was not read whole.
fn read(text: &str) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    std::fs::write(top.join("Makefile"), text).unwrap();
    read_below(&top)
}

fn read_below(top: &Path) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
    let sources = Sources::reading(Reader::default().with_path(top));
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
    let surroundings = Context { environment, cwd: top.to_owned(), shows_values: false, ..Context::default() };
    let context = LoadContext {
        sources: &sources,
        surroundings: &surroundings,
        compose: &Options::default(),
        programs: &ProgramNames::default(),
        store: None,
        on_loaded: &|| {},
    };
    let repository = context.open_repository();
    let Lookup::Text(file) = repository.open(&top.join("Makefile")) else { panic!("no text") };
    let (makefile, entries) = read_entries(file, top, &repository);
    let commands = entries.into_iter().map(|entry| {
        let name = entry.run.rsplit('#').next().unwrap().to_owned();
        (name, entry.texts.iter().map(|text| text.text.raw().replace("${HOME}", "/home/user")).collect())
    });
    (commands.collect(), makefile.faults.into_iter().map(|fault| fault.what).collect())
}

/// Makefiles whose targets run the same commands whoever reads them.
const SAME: [&str; 16] = [
    "a:\n\tdocker run x\n\t@docker ps\n",
    "A = 1\nB := $(A)2\nA = 3\na:\n\tdocker run $(A) ${B} $$X $(C)\nC = $(B)4\n",
    "X ?= d\nX += e\nY := $(X:d=f) $(patsubst %.c,%.o,a.c b.h)\na: b\n\tdocker run $(X) $Y $@ $< $^\nb:\n\techo docker b\n",
    "define two\ndocker run 1\n@docker run 2\nendef\na:\n\t$(two)\n",
    "start = docker run -v $(1):$(2)\na:\n\t$(call start,x,y)\n\t$(call start, p q,r)\n",
    "a:; docker run x # not a comment of make\n",
    "a b: c\n\tdocker run $@\nc:\n\t-docker rm c\n",
    "a:\n\tdocker run \\\n\t  --rm \\\n\t  x\n",
    "# docker\nV = a# b\\#\\\n c\na: v = $(V)x\na:\n\tdocker run '$(v)'\n",
    "all: x.o y.o\nx.o y.o: %.o: %.c\n\tdocker run $* $< $@\n",
    "D = $(dir a/b/c.x)$(notdir a/b/c.x) $(strip  a  b ) $(lastword a b c) $(subst b,c,abc) $(if x,y,z) $(or ,q)\na:\n\tdocker run $(D)\n",
    "L = a b c\nW = $(foreach x,$(L),-v $(x):/$(x)) $(addprefix p,$(L)) $(addsuffix .s,$(L)) $(sort c a b a) $(join $(L),1 2)\na:\n\tdocker run $(W)\n",
    "L = a b c\na:\n\tdocker $(filter a% c,$(L)) $(filter-out b,$(L)) $(word 2,$(L)) $(words $(L)) $(wordlist 2,3,$(L)) $(basename x.c y/z.d) $(suffix x.c y/z.d w) $(findstring b,abc)\n",
    "define rule\nrun-$(1): ; docker run $(1) $$@ $(and x,y) $(patsubst b,c,b bb) $(if ,a,(b,c))\nendef\n$(foreach x,a b,$(eval $(call rule,$(x))))\n",
    "all: up-x up-y z-x z-y\nup-%: z-%\n\tdocker run $* $@ $<\nz-%:\n\t@docker ps $(value V)\nV = $(W)\n",
    "ifdef NOT_SET_ANYWHERE\nelse\nendif\nS := $(abspath x/../y)\na:\n\t@docker run $(S) $(CURDIR) \"$(HOME)\"\n",
];

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn targets_run_what_make_says() {
    if Command::new("make").arg("--version").output().is_err() {
        eprintln!("skipped: there is no make");
        return;
    }
    for text in SAME {
        // What only a pattern fills has no other text beside it.
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        std::fs::write(top.join("Makefile"), text).unwrap();
        for name in ["x.c", "y.c"] {
            std::fs::write(top.join(name), "").unwrap();
        }
        let (targets, faults) = read_below(&top);
        assert_eq!(faults, Vec::<String>::new(), "{text}");
        assert!(!targets.is_empty(), "{text}");
        for (target, commands) in targets {
            let mut make = Command::new("make");
            make.args(["-n", "-B", "--no-print-directory", &target]).current_dir(&top);
            let output = make.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/home/user").output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
            let own = commands.join("\n");
            assert_eq!(own.trim_end(), said.trim_end(), "{target} of {text}");
        }
    }
}

#[test]
fn malformed_makefile_has_one_fault_where_it_begins() {
    for (text, wanted) in [
        ("what is this\na:\n\tdocker run x\n", "this is no rule, no variable and no recipe"),
        ("a:\n\tdocker run $(x\n", "a bracket after `$` is not closed"),
        ("ifdef A\na:\n\tdocker run x\n", "a condition has no `endif`"),
        ("endif\n", "this `endif` ends nothing"),
        ("define x\na\n", "this `define` has no `endef`"),
    ] {
        assert_eq!(read(text).1, [wanted], "{text}");
    }
}

#[test]
fn values_that_are_built_of_themselves_end() {
    let doubled: String = (1..60).map(|number| format!("V{number} = $(V{0})$(V{0})\n", number - 1)).collect();
    let texts = [
        format!("V0 = docker\n{doubled}a:\n\tdocker run $(V59)\n"),
        "A = $(A) x\na:\n\tdocker run $(A)\n".to_owned(),
        "A = $(call A,$(1)$(1))\na:\n\tdocker run $(call A,x)\n".to_owned(),
        format!("a:\n\tdocker run {}\n", "$(".repeat(50_000)),
        format!("a:\n\tdocker run {}x{}\n", "$(".repeat(20_000), ")".repeat(20_000)),
        format!("a: {}\n", "a".repeat(100_000)),
        format!("{}\n", "ifeq (a,b)\nX = 1\n".repeat(5_000)),
        (0..5_000).map(|number| format!("t{number}: t{}\n\tdocker run x\n", number + 1)).collect(),
    ];
    for text in texts {
        let begun = std::time::Instant::now();
        read(&text);
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{}", &text[..60]);
    }
}
