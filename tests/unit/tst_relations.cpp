// What findings say of each other counts when the report bears it out, and is then told from both sides.

#include "analyzers/playbook/relations.h"

#include <QtTest>

using namespace casebook;

namespace {

Finding finding(std::string analyzer, Verdict verdict, std::vector<RelatedFinding> related = {})
{
    Finding made;
    made.analyzer = std::move(analyzer);
    made.key = "orders";
    made.verdict = verdict;
    made.related = std::move(related);
    return made;
}

QStringList relations(const Finding& of)
{
    QStringList said;
    for (const RelatedFinding& other : of.related) said << QString::fromStdString(other.relation + " " + other.analyzer + " " + other.key);
    return said;
}

const RelatedFinding explains_exhaustion{"pool.exhaustion", "orders", "explains"};

}  // namespace

class TestRelations : public QObject {
    Q_OBJECT
private slots:
    void between_confirmed_findings_from_both_sides()
    {
        std::vector<Finding> findings{finding("pool.exhaustion", Verdict::confirmed), finding("pool.leak", Verdict::confirmed, {explains_exhaustion})};
        link_findings(findings);
        QCOMPARE(relations(findings[0]), QStringList{"explained_by pool.leak orders"});
        QCOMPARE(relations(findings[1]), QStringList{"explains pool.exhaustion orders"});
    }

    void said_by_both_it_is_told_once()
    {
        std::vector<Finding> findings{finding("pool.exhaustion", Verdict::confirmed, {{"pool.leak", "orders", "explained_by"}}),
                                      finding("pool.leak", Verdict::confirmed, {explains_exhaustion, explains_exhaustion})};
        link_findings(findings);
        QCOMPARE(relations(findings[0]), QStringList{"explained_by pool.leak orders"});
        QCOMPARE(relations(findings[1]), QStringList{"explains pool.exhaustion orders"});
        link_findings(findings);
        QCOMPARE(relations(findings[0]).size(), 1);
    }

    void a_suspicion_explains_nothing_and_needs_no_cause()
    {
        for (const auto& [effect, cause] : {std::pair(Verdict::confirmed, Verdict::suspected), std::pair(Verdict::suspected, Verdict::confirmed), std::pair(Verdict::inconclusive, Verdict::confirmed)}) {
            std::vector<Finding> findings{finding("pool.exhaustion", effect), finding("pool.leak", cause, {explains_exhaustion})};
            link_findings(findings);
            QCOMPARE(relations(findings[0]), QStringList{});
            QCOMPARE(relations(findings[1]), QStringList{});
        }
    }

    void what_nobody_found_is_not_named()
    {
        std::vector<Finding> findings{finding("pool.leak", Verdict::confirmed, {explains_exhaustion, {"pool.exhaustion", "billing", "explains"}, {"pool.leak", "orders", "same_as"}})};
        link_findings(findings);
        QCOMPARE(relations(findings[0]), QStringList{});
    }

    void the_same_thing_in_other_evidence_need_not_be_certain()
    {
        std::vector<Finding> findings{finding("memory.leak", Verdict::suspected), finding("memory.gc_pressure", Verdict::confirmed, {{"memory.leak", "orders", "same_as"}})};
        link_findings(findings);
        QCOMPARE(relations(findings[0]), QStringList{"same_as memory.gc_pressure orders"});
        QCOMPARE(relations(findings[1]), QStringList{"same_as memory.leak orders"});
    }
};

QTEST_APPLESS_MAIN(TestRelations)
#include "tst_relations.moc"
