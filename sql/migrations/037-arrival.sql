-- A report that was turned away because too much waited brings proof of when it first came: on time is judged by that.

ALTER TABLE yuebao.report ADD COLUMN arrived_at timestamptz
    CONSTRAINT report_arrived_before_received CHECK (arrived_at < received_at);
COMMENT ON COLUMN yuebao.report.arrived_at IS
    'When it first came, if the collector had no room then and turned it away; late is judged by it. NULL: it was taken the first time.';
COMMENT ON COLUMN yuebao.report.received_at IS 'When it reached the collector and was taken; on time is judged by it, or by arrived_at where there is one.';
COMMENT ON COLUMN yuebao.report.late IS 'It came after due.';
GRANT SELECT (arrived_at) ON yuebao.report TO yuebao_teller;
