//! The verdicts as JUnit XML: a suite a file, a case an expectation or a check. There are no times in it: the same verdicts are the same
//! bytes.

use super::print::seeds;
use super::{Answer, Checked};
use crate::output::Stop;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use quorate_lab::expect::Standing;

pub(super) fn report(checked: &[Checked]) -> Result<String, Stop> {
    let mut report = Report::new("quorate check");
    for file in checked {
        let mut suite = TestSuite::new(file.file.display().to_string());
        suite.add_property(("seeds", &*seeds(file)));
        suite.add_property(("first-seed", &*file.first_seed.to_string()));
        suite.add_property(("digest", &*file.digest));
        suite.add_test_cases(file.cases.iter().map(|answer| case(file, answer)));
        report.add_test_suite(suite);
    }
    let text = report.to_string().map_err(|error| Stop::Machine(format!("cannot write the JUnit report: {error}")))?;
    Ok(text + "\n")
}

fn case(file: &Checked, answer: &Answer) -> TestCase {
    let kind = match answer.case.standing {
        Standing::Held => None,
        Standing::Failed => Some((NonSuccessKind::Failure, "failed")),
        Standing::Undecided => Some((NonSuccessKind::Error, "undecided")),
    };
    let mut status = TestCaseStatus::success();
    if let Some((kind, word)) = kind {
        status = TestCaseStatus::non_success(kind);
        let mut text = format!("seeds {}\n", seeds(file));
        let mut message = answer.case.observed.clone();
        if let Some(failure) = &answer.failure {
            message += &format!("; worst seed {}", failure.seed);
            text += &format!("worst seed {}\ndigest {}\nreplay: {}\n", failure.seed, failure.digest, failure.replay);
        }
        status.set_message(message).set_type(word).set_description(text);
    }
    let mut case = TestCase::new(answer.case.text.clone(), status);
    case.set_classname(file.file.display().to_string());
    if let Some(line) = answer.line {
        case.add_property(("line", &*line.to_string()));
    }
    case
}
