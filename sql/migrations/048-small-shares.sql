-- A share of people has small numbers too: two pupils who failed, two poor families. Counts of pupils and teachers are held back below three by their
-- unit; the unit of a share says nothing of whom it counts (schools are no secret), so these are named. What an administrator has set stays.

INSERT INTO yuebao.publication_rule (scope, name, min_count)
SELECT 'indicator', i.code, 3
FROM unnest('{pupil_attendance_rate, inclusive_kindergarten_coverage_rate, public_kindergarten_enrolment_share, free_textbook_coverage_rate,
    free_lunch_coverage_rate, learning_space_user_rate, teacher_qualified_degree_share, teacher_degree_bachelor_share, teacher_ict_competent_share,
    teacher_courseware_competent_share, teacher_textbook_author_share, teacher_reflective_writing_share, teacher_research_participation_share,
    dual_qualified_teacher_share, senior_elective_teacher_addition_rate, teacher_training_participation_rate, teacher_health_record_rate,
    teacher_health_check_rate, student_fitness_pass_rate, myopia_rate, pupil_health_check_rate, labour_practice_participation_rate,
    school_cluster_pupil_coverage_rate, above_degree_teachers_per_pupil, backbone_teachers_per_pupil, pe_art_teachers_per_pupil, gaokao_first_tier_rate,
    vocational_graduate_employment_rate}'::text[]) AS i (code)
ON CONFLICT ON CONSTRAINT publication_rule_pk DO UPDATE SET min_count = coalesce(publication_rule.min_count, excluded.min_count);
