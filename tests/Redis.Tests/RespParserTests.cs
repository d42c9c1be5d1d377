using System.Text;

namespace OrleansCache.Redis;

public class RespParserTests
{
    private const string Everything =
        "+OK\r\n-ERR no such thing\r\n:-42\r\n$5\r\na\r\nb\0\r\n$0\r\n\r\n_\r\n#t\r\n#f\r\n,3.25\r\n,-inf\r\n,nan\r\n" +
        "(3492890328409238509324850943850943825024385\r\n!9\r\nOOM no mo\r\n=8\r\ntxt:text\r\n*2\r\n:1\r\n*2\r\n+a\r\n*0\r\n~2\r\n:1\r\n:2\r\n" +
        "%2\r\n+k\r\n:1\r\n+l\r\n*1\r\n$1\r\nx\r\n>3\r\n+message\r\n$1\r\nc\r\n$2\r\nhi\r\n|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n*2\r\n:1\r\n|0\r\n:2\r\n";

    private const string Expected =
        "'OK';Error ERR no such thing;-42;'a\r\nb\0';'';Null;1;0;'3.25';'-inf';'nan';'3492890328409238509324850943850943825024385';" +
        "Error OOM no mo;'text';[1,['a',[]]];[1,2];['k',1,'l',['x']];['message','c','hi'];'v';[1,2]";

    [Fact]
    public void Every_type_is_read() => Assert.Equal(Expected, Read(Encoding.ASCII.GetBytes(Everything), whole: int.MaxValue));

    [Fact]
    public void Bytes_may_arrive_one_by_one() => Assert.Equal(Expected, Read(Encoding.ASCII.GetBytes(Everything), whole: 1));

    [Fact]
    public void Bytes_may_be_split_anywhere()
    {
        var bytes = Encoding.ASCII.GetBytes(Everything);

        for (var seed = 1; seed <= 2_000; seed++)
            Assert.Equal(Expected, Read(bytes, whole: 40, new Random(seed)));
    }

    [Fact]
    public void Garbage_is_refused_or_waited_for_and_nothing_else()
    {
        var sound = Encoding.ASCII.GetBytes(Everything);
        var refused = 0;

        for (var seed = 1; seed <= 20_000; seed++)
        {
            var random = new Random(seed);
            var bytes = sound.AsSpan(random.Next(sound.Length)).ToArray();
            for (var flips = random.Next(6); flips > 0 && bytes.Length > 0; flips--)
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : sound[random.Next(sound.Length)];
            try
            {
                Read(bytes, whole: 64, random);
            }
            catch (RedisProtocolException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 10_000, 20_000);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("+OK\n")]
    [InlineData("$31\nabc\r\n")]
    [InlineData("$3\r\nabcXY+OK\r\n")]
    [InlineData(":12x\r\n")]
    [InlineData(":\r\n")]
    [InlineData("#x\r\n")]
    [InlineData("_x\r\n")]
    [InlineData("$-1\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$2\r\nabc\r\n")]
    [InlineData("$?\r\n")]
    [InlineData("*?\r\n")]
    [InlineData("*-1\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("%-1\r\n")]
    [InlineData("=3\r\nabc\r\n")]
    [InlineData("*99999999999\r\n")]
    [InlineData("*2147483647\r\n")]
    [InlineData("$2147483647\r\n")]
    [InlineData("$9223372036854775807\r\n")]
    [InlineData("%4611686018427387904\r\n")]
    public void What_is_not_a_reply_is_refused(string text)
        => Assert.Throws<RedisProtocolException>(() => Read(Encoding.ASCII.GetBytes(text), whole: int.MaxValue));

    [Fact]
    public void A_line_without_end_is_refused()
        => Assert.Throws<RedisProtocolException>(() => Read(Encoding.ASCII.GetBytes("+" + new string('x', 40_000)), whole: int.MaxValue));

    [Fact]
    public void Nesting_has_a_limit()
    {
        Read(Nested(32), whole: int.MaxValue);
        Assert.Throws<RedisProtocolException>(() => Read(Nested(33), whole: int.MaxValue));

        static byte[] Nested(int depth) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("*1\r\n", depth)) + ":1\r\n");
    }

    [Fact]
    public void The_limit_is_on_the_whole_reply_and_each_reply_has_its_own()
    {
        var hundred = $"$100\r\n{new string('x', 100)}\r\n";

        Read(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(hundred, 50))), whole: int.MaxValue, limit: 1_000);
        Assert.Throws<RedisProtocolException>(
            () => Read(Encoding.ASCII.GetBytes("*10\r\n" + string.Concat(Enumerable.Repeat(hundred, 10))), whole: int.MaxValue, limit: 1_000));
        Assert.Throws<RedisProtocolException>(() => Read("$1001\r\n"u8.ToArray(), whole: int.MaxValue, limit: 1_000));
    }

    private static string Read(byte[] bytes, int whole, Random? random = null, int limit = 1 << 20)
    {
        var parser = new RespParser(limit);
        List<string> replies = [];
        var (start, end) = (0, 0);
        while (end < bytes.Length)
        {
            end = (int)Math.Min(bytes.Length, end + (long)(random?.Next(1, whole) ?? whole));
            ReadOnlySpan<byte> input = bytes.AsSpan(start, end - start);
            while (parser.TryRead(ref input, out var reply))
                replies.Add(Show(reply));
            start = end - input.Length;
        }
        return string.Join(';', replies);
    }

    private static string Show(RedisReply reply) => reply.Value switch
    {
        null => "Null",
        RedisReply[] items => $"[{string.Join(',', items.Select(Show))}]",
        RedisServerException => $"Error {reply.AsString()}",
        byte[] => $"'{reply.AsString()}'",
        _ => reply.AsString()!,
    };
}
