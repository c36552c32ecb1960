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

    void nothing_is_explained_by_less_than_it_is_itself()
    {
        for (const auto& [effect, cause, kept] :
             {std::tuple(Verdict::confirmed, Verdict::suspected, false), std::tuple(Verdict::suspected, Verdict::confirmed, true),
              std::tuple(Verdict::suspected, Verdict::suspected, true), std::tuple(Verdict::inconclusive, Verdict::confirmed, true),
              std::tuple(Verdict::inconclusive, Verdict::inconclusive, false)}) {
            std::vector<Finding> findings{finding("pool.exhaustion", effect), finding("pool.leak", cause, {explains_exhaustion})};
            link_findings(findings);
            QCOMPARE(relations(findings[0]), kept ? QStringList{"explained_by pool.leak orders"} : QStringList{});
            QCOMPARE(relations(findings[1]), kept ? QStringList{"explains pool.exhaustion orders"} : QStringList{});
        }
    }

    void what_the_list_works_out_is_told_as_well()
    {
        std::vector<Finding> findings{finding("database.dominant_statement", Verdict::confirmed),
                                      finding("database.missing_index", Verdict::confirmed)};
        for (Finding& one : findings) one.subjects = {{"statement", "SELECT 1"}};
        link_findings(findings);
        QCOMPARE(relations(findings[0]), QStringList{"explained_by database.missing_index orders"});
        QCOMPARE(relations(findings[1]), QStringList{"explains database.dominant_statement orders"});
        findings[1].subjects = {{"statement", "SELECT 2"}};
        for (Finding& one : findings) one.related.clear();
        link_findings(findings);
        QCOMPARE(relations(findings[0]), QStringList{});
    }

    void of_several_causes_the_one_of_the_list_comes_first()
    {
        std::vector<Finding> findings{finding("memory.gc_pressure", Verdict::confirmed, {{"pool.exhaustion", "orders", "explains"}}),
                                      finding("pool.exhaustion", Verdict::confirmed, {{"pool.sizing", "orders", "explained_by"}}),
                                      finding("pool.leak", Verdict::confirmed, {explains_exhaustion}),
                                      finding("pool.sizing", Verdict::confirmed)};
        for (int again = 0; again < 2; ++again) {
            link_findings(findings);
            QCOMPARE(relations(findings[1]), (QStringList{"explained_by pool.sizing orders", "explained_by memory.gc_pressure orders",
                                                          "explained_by pool.leak orders"}));
        }
    }

    void of_a_circle_one_side_is_told()
    {
        std::vector<Finding> findings{finding("pool.exhaustion", Verdict::confirmed, {{"pool.leak", "orders", "explains"}}),
                                      finding("pool.leak", Verdict::confirmed, {explains_exhaustion})};
        for (int again = 0; again < 2; ++again) {
            link_findings(findings);
            QCOMPARE(relations(findings[0]), QStringList{"explains pool.leak orders"});
            QCOMPARE(relations(findings[1]), QStringList{"explained_by pool.exhaustion orders"});
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
