-- Alerts (021) beside row level security (025): a login sees those of its districts, schools and indicators; limits everybody sees.

SELECT yuebao.guard('yuebao.alert', 'district', 'school', 'indicator');
GRANT SELECT ON yuebao.threshold TO yuebao_teller;
