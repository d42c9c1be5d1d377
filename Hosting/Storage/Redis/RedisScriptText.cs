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
    /// Appends a raise and returns what came after the head. ARGV: head, generation to begin if raises were lost (8 bytes), hashes of tags
    /// or an empty text, capacity. Elements: generation, number, hashes; the first of a generation has no hashes and the number it goes on from.
    /// Returns the number of the last, the number of the first, and the elements after the head.
    /// </summary>
    public static RedisScriptText AppendTags { get; } = new("""
        local function number(element)
          local high, low = struct.unpack('>I4I4', element, 9)
          return high * 4294967296 + low
        end
        local function bytes(n)
          return struct.pack('>I4I4', math.floor(n / 4294967296), n % 4294967296)
        end
        local head = tonumber(ARGV[1])
        local last = redis.call('LINDEX', KEYS[1], -1)
        local n, generation = 0, ARGV[2]
        if last then
          n, generation = number(last), string.sub(last, 1, 8)
        end
        if not last or n < head then
          n, generation = math.max(n, head), ARGV[2]
          redis.call('DEL', KEYS[1])
          redis.call('RPUSH', KEYS[1], generation .. bytes(n))
        end
        if ARGV[3] ~= '' then
          n = n + 1
          redis.call('RPUSH', KEYS[1], generation .. bytes(n) .. ARGV[3])
          redis.call('LTRIM', KEYS[1], -tonumber(ARGV[4]), -1)
        end
        local first = number(redis.call('LINDEX', KEYS[1], 0))
        return {bytes(n), bytes(first), generation, redis.call('LRANGE', KEYS[1], math.max(0, head - first + 1), -1)}
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
