-- What a bureau looks at before it lets figures stand.

CREATE FUNCTION api.figure_text(value bigint, decimals smallint, denominator bigint, denominator_decimals smallint, over_schools text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN api.scaled(value, decimals)::text || CASE WHEN over_schools = 'ratio_of_sums' THEN '/' || api.scaled(denominator, denominator_decimals)
                                                     ELSE '' END;
COMMENT ON FUNCTION api.figure_text(bigint, smallint, bigint, smallint, text) IS
    'A stored figure as it was filled in: 118, 1.50, or 118/120 where there is a denominator. NULL without a value.';

-- What is compared from one report to the next: the value, or the ratio where there is a denominator.
CREATE FUNCTION api.figure_ratio(value bigint, decimals smallint, denominator bigint, denominator_decimals smallint, over_schools text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN over_schools = 'ratio_of_sums'
                THEN api.shown(api.scaled(value, decimals) / nullif(api.scaled(denominator, denominator_decimals), 0))
                ELSE api.scaled(value, decimals) END;
COMMENT ON FUNCTION api.figure_ratio(bigint, smallint, bigint, smallint, text) IS
    'A stored figure as one number: its value, or value by denominator, six decimals. NULL without a value, and for 0/0.';
