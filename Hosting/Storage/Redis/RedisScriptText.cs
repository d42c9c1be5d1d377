namespace OrleansCache;

/// <summary>A Lua script. The engines' clients keep what they derive from it.</summary>
internal sealed class RedisScriptText(string text)
{
    /// <summary>Compares two unsigned 64-bit numbers as bytes, big-endian: Lua's own numbers hold 53 bits.</summary>
    private const string Above = """
        local function above(a, b)
          local a1, a2 = struct.unpack('>I4I4', a)
          local b1, b2 = struct.unpack('>I4I4', b)
          return a1 > b1 or (a1 == b1 and a2 > b2)
        end

        """;

    /// <summary>Which run of the server this is: another after each start, and on each replica. Where INFO is not allowed, always the same.</summary>
    private const string Run = """
        local function run()
          local info = redis.pcall('INFO', 'server')
          return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
        end

        """;

    public string Text { get; } = text;

    /// <summary>What an engine's client made of it.</summary>
    public object? Prepared { get; set; }

    /// <summary>
    /// Reads a record and raises its epoch. ARGV: epoch (8 bytes), claim to leave at an absent key, its milliseconds.
    /// Returns the time in microseconds, 0 (nothing), 1 (record) or 2 (refused), and the record or the higher epoch.
    /// </summary>
    public static RedisScriptText ReadEntry { get; } = new(Above + """
        local t = redis.call('TIME')
        local now = t[1] * 1000000 + t[2]
        local stored = redis.call('GET', KEYS[1])
        if not stored then
          redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
          return {now, 0}
        end
        if #stored < 38 or string.byte(stored, 1) ~= 1 then
          return {now, 1, stored}
        end
        local epoch = string.sub(stored, 3, 10)
        if above(epoch, ARGV[1]) then
          return {now, 2, epoch}
        end
        local isclaim = string.byte(stored, 2) == 0
        if above(ARGV[1], epoch) then
          redis.call('SETRANGE', KEYS[1], 2, ARGV[1])
          if isclaim then
            redis.call('PEXPIRE', KEYS[1], ARGV[3])
          end
        end
        if isclaim then
          return {now, 0}
        end
        return {now, 1, stored}
        """);

    /// <summary>
    /// Writes a record unless a newer one is there: <see cref="WriteRule"/> in Lua. ARGV: record, and its expiry in milliseconds if it has one.
    /// Returns the time in microseconds when it is written, else 1 and the higher epoch, or 2 (newer version).
    /// </summary>
    public static RedisScriptText WriteEntry { get; } = new("""
        local t = redis.call('TIME')
        local stored = redis.call('GETRANGE', KEYS[1], 0, 33)
        if #stored == 34 and string.byte(stored, 1) == 1 then
          local e1, e2, operation, v1, v2 = struct.unpack('>I4I4c16I4I4', stored, 3)
          local m1, m2, mine, w1, w2 = struct.unpack('>I4I4c16I4I4', ARGV[1], 3)
          if e1 > m1 or (e1 == m1 and e2 > m2) then
            return {1, string.sub(stored, 3, 10)}
          end
          if e1 == m1 and e2 == m2 then
            if operation == mine and v1 == w1 and v2 == w2 then
              return t[1] * 1000000 + t[2]
            end
            if v1 > w1 or (v1 == w1 and v2 > w2) then
              return {2}
            end
          end
        end
        if ARGV[2] then
          redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
        else
          redis.call('SET', KEYS[1], ARGV[1])
        end
        return t[1] * 1000000 + t[2]
        """);

    /// <summary>
    /// Renews a lease and reads all. ARGV: view number expected or an empty text, field of the lease, view sealed.
    /// Returns seconds, microseconds, 1 if renewed, 1 if views began in this very run of the server, and the fields and values of the hash.
    /// </summary>
    public static RedisScriptText RenewLease { get; } = new(Run + """
        local t = redis.call('TIME')
        local same, renewed = 0, 0
        if redis.call('HGET', KEYS[1], 'run') == run() then
          same = 1
        end
        if same == 1 and redis.call('HGET', KEYS[1], 'number') == ARGV[1] then
          local lease = redis.call('HGET', KEYS[1], ARGV[2]) or '0'
          redis.call('HSET', KEYS[1], ARGV[2], (tonumber(string.match(lease, '^%d+')) + 1) .. ':' .. ARGV[3])
          renewed = 1
        end
        return {t[1], t[2], renewed, same, redis.call('HGETALL', KEYS[1])}
        """);

    /// <summary>
    /// Publishes a view. ARGV: number expected or an empty text for none, number, view, field of the publisher's lease or an empty text, view it
    /// has sealed, 1 if views begin, channel, how many leases must be as they were, their fields and values, and the fields of leases that stay.
    /// Returns as <see cref="RenewLease"/>.
    /// </summary>
    public static RedisScriptText PublishView { get; } = new(Run + """
        local t = redis.call('TIME')
        local now = run()
        local applied, same, conditions = 1, 0, 8 + 2 * tonumber(ARGV[8])
        if redis.call('HGET', KEYS[1], 'run') == now then
          same = 1
        end
        if (redis.call('HGET', KEYS[1], 'number') or '') ~= ARGV[1] or (same == 0 and ARGV[6] ~= '1') then
          applied = 0
        end
        for i = 9, conditions, 2 do
          if (redis.call('HGET', KEYS[1], ARGV[i]) or '0:0') ~= ARGV[i + 1] then
            applied = 0
          end
        end
        if applied == 1 then
          local stays = {number = true, view = true, run = true}
          for i = conditions + 1, #ARGV do
            stays[ARGV[i]] = true
          end
          for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
            if not stays[field] then
              redis.call('HDEL', KEYS[1], field)
            end
          end
          redis.call('HSET', KEYS[1], 'number', ARGV[2], 'view', ARGV[3], 'run', now)
          if ARGV[4] ~= '' then
            local lease = redis.call('HGET', KEYS[1], ARGV[4]) or '0'
            redis.call('HSET', KEYS[1], ARGV[4], (tonumber(string.match(lease, '^%d+')) + 1) .. ':' .. ARGV[5])
          end
          redis.pcall('PUBLISH', ARGV[7], ARGV[2])
          same = 1
        end
        return {t[1], t[2], applied, same, redis.call('HGETALL', KEYS[1])}
        """);

    /// <summary>
    /// Appends a raise, counts the asker's lease on, and returns what came after the number that it knows. The list's first element describes
    /// the log, each other one is a raise: a stamp and hashes. ARGV: id, generation, number and stamp known, number that the generation must have
    /// reached, a stamp for what begins here, hashes of tags or an empty text, capacity, channel, beginning that was waited out or an empty text,
    /// 1 or an empty text for an answer without leases, and the ids and counters of leases to drop. Returns generation, last number, number of the
    /// first raise returned, beginning, 1 while it has not been waited out, id, counter and number known of each lease, and raises.
    /// </summary>
    public static RedisScriptText AppendTags { get; } = new(Run + """
        local id, known, number, stamp, ahead, fresh = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
        local kept, log = pcall(cjson.decode, redis.call('LINDEX', KEYS[1], 0))
        if not kept then
          log = {generation = '', head = 0, first = 1, counter = 0, leases = {}}
        end
        local function least()
          local n = log.head
          for _, lease in pairs(log.leases) do
            n = math.min(n, lease[2])
          end
          return n
        end
        local before, head, now = least(), log.head, run()
        if log.run ~= now then
          log.run, log.beginning, log.waits = now, fresh, 1
        end
        local same = known == log.generation
        local lost = not kept or number > head or (same and ahead > head)
        if same and not lost and number >= log.first then
          lost = string.sub(redis.call('LINDEX', KEYS[1], number - log.first + 1), 1, 16) ~= stamp
        end
        if lost then
          log.head = math.max(head, number, same and ahead or 0)
          log.generation, log.first, log.beginning, log.waits = fresh, log.head + 1, fresh, 1
          for _, lease in pairs(log.leases) do
            lease[2] = 0
          end
          redis.call('DEL', KEYS[1])
          redis.call('RPUSH', KEYS[1], '')
        end
        if lost or not same then
          number = 0
        end
        if ARGV[10] == log.beginning then
          log.waits = 0
        end
        for i = 12, #ARGV, 2 do
          local lease = log.leases[ARGV[i]]
          if lease and lease[1] == tonumber(ARGV[i + 1]) then
            log.leases[ARGV[i]] = nil
          end
        end
        log.counter = log.counter + 1
        log.leases[id] = {log.counter, number}
        if ARGV[7] ~= '' then
          log.head = log.head + 1
          redis.call('RPUSH', KEYS[1], fresh .. ARGV[7])
          if log.head - log.first >= tonumber(ARGV[8]) then
            redis.call('LTRIM', KEYS[1], 2, -1)
            redis.call('LPUSH', KEYS[1], '')
            log.first = log.first + 1
          end
        end
        redis.call('LSET', KEYS[1], 0, cjson.encode(log))
        if log.head > head or lost or (before < head and least() == head) then
          redis.pcall('PUBLISH', ARGV[9], log.generation .. ':' .. string.format('%.0f', log.head))
        end
        local from, leases = math.max(log.first, number + 1), {}
        for reader, lease in pairs(ARGV[11] == '1' and {} or log.leases) do
          leases[#leases + 1] = reader
          leases[#leases + 1] = lease[1]
          leases[#leases + 1] = lease[2]
        end
        return {log.generation, log.head, from, log.beginning, log.waits, leases, redis.call('LRANGE', KEYS[1], from - log.first + 1, -1)}
        """);

    /// <summary>Drops a lease on the tag log. ARGV: id, channel.</summary>
    public static RedisScriptText LeaveTags { get; } = new("""
        local text = redis.call('LINDEX', KEYS[1], 0)
        if text then
          local log = cjson.decode(text)
          log.leases[ARGV[1]] = nil
          redis.call('LSET', KEYS[1], 0, cjson.encode(log))
          redis.pcall('PUBLISH', ARGV[2], log.generation .. ':' .. string.format('%.0f', log.head))
        end
        return 1
        """);

    /// <summary>
    /// Replaces grain state. ARGV: version expected (32 bytes) or an empty text for none, state with its version in front, or an empty text to remove.
    /// Returns 1 when it was done, else 0 and the stored version.
    /// </summary>
    public static RedisScriptText WriteState { get; } = new("""
        local stored = redis.call('GETRANGE', KEYS[1], 0, 31)
        if stored ~= ARGV[1] then
          return {0, stored}
        end
        if ARGV[2] == '' then
          redis.call('DEL', KEYS[1])
        else
          redis.call('SET', KEYS[1], ARGV[2])
        end
        return {1}
        """);
}
