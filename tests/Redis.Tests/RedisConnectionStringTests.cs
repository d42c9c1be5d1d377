namespace OrleansCache.Redis;

public class RedisConnectionStringTests
{
    [Theory]
    [InlineData("localhost", "localhost:6379/0")]
    [InlineData("localhost:6380", "localhost:6380/0")]
    [InlineData("localhost,ssl=true", "localhost:6380/0")]
    [InlineData("10.0.0.1:7000,redis-2.example.com,defaultDatabase=3", "10.0.0.1:7000,redis-2.example.com:6379/3")]
    [InlineData("[::1]:7000", "[::1]:7000/0")]
    [InlineData("[::1]", "[::1]:6379/0")]
    [InlineData(" localhost:6379 , name=me ", "localhost:6379/0")]
    public void End_points_and_database_are_read(string text, string expected)
        => Assert.Equal(expected, RedisConnectionOptions.Parse(text).ToString());

    [Fact]
    public void Every_setting_is_read()
    {
        var options = RedisConnectionOptions.Parse(
            "cache:6379,user=alice,password=a=b c,ssl=True,sslHost=redis.example.com,defaultDatabase=3,connectTimeout=1000," +
            "syncTimeout=2000,asyncTimeout=3000,abortConnect=false,name=silo-1,keepAlive=30,protocol=resp3,checkCertificateRevocation=yes");

        Assert.Equal(new Uri("redis://cache:6379"), options.EndPoints.Single());
        Assert.Equal(("alice", "a=b c", "redis.example.com", "silo-1"), (options.User, options.Password, options.SslHost, options.ClientName));
        Assert.Equal((true, false, true), (options.Ssl, options.AbortOnConnectFail, options.CheckCertificateRevocation));
        Assert.Equal((3, 1.0, 3.0, 30.0), (options.Database, options.ConnectTimeout.TotalSeconds, options.CommandTimeout.TotalSeconds, options.KeepAlive.TotalSeconds));
    }

    [Fact]
    public void What_is_not_said_has_the_defaults_of_StackExchange_Redis()
    {
        var options = RedisConnectionOptions.Parse("cache");

        Assert.Equal((5.0, 5.0, 60.0), (options.ConnectTimeout.TotalSeconds, options.CommandTimeout.TotalSeconds, options.KeepAlive.TotalSeconds));
        Assert.Equal((false, true, 0), (options.Ssl, options.AbortOnConnectFail, options.Database));
        Assert.Equal(2.0, RedisConnectionOptions.Parse("cache,syncTimeout=2000").CommandTimeout.TotalSeconds);
    }

    [Fact]
    public void Known_settings_of_no_consequence_are_passed_over()
        => RedisConnectionOptions.Parse(
            "cache,allowAdmin=true,configChannel=c,configCheckSeconds=60,connectRetry=3,highIntegrity=false,highPriorityThreads=true," +
            "preserveAsyncOrder=false,proxy=None,resolveDns=false,responseTimeout=1,setlib=false,sslProtocols=tls13,tiebreaker=,version=7.0,writeBuffer=4096");

    [Theory]
    [InlineData("", "names no server")]
    [InlineData("password=geheim", "names no server")]
    [InlineData("cache,pasword=geheim", "'pasword' is not known. Known are: abortConnect, allowAdmin,")]
    [InlineData("cache,ssl=maybe", "'ssl' is 'maybe'; give true or false")]
    [InlineData("cache,connectTimeout=5s", "'connectTimeout' is '5s'; give milliseconds")]
    [InlineData("cache,asyncTimeout=0", "'asyncTimeout' is '0'; give milliseconds")]
    [InlineData("cache,defaultDatabase=-1", "'defaultDatabase' is '-1'; give a database number")]
    [InlineData("cache,keepAlive=often", "'keepAlive' is 'often'; give seconds")]
    [InlineData("cache,protocol=resp2", "'protocol' is 'resp2'; give resp3")]
    [InlineData("cache,name=two words", "'name' is 'two words'; give printable ASCII")]
    [InlineData("cache,serviceName=mymaster", "'serviceName' is not known")]
    [InlineData("cache:99999", "'cache:99999' is neither host:port")]
    [InlineData("cache:0", "'cache:0' is neither host:port")]
    [InlineData("cache/3", "'cache/3' is neither host:port")]
    [InlineData("user@cache", "is neither host:port")]
    [InlineData("re dis", "'re dis' is neither")]
    public void A_wrong_part_is_named(string text, string expected)
    {
        var exception = Assert.Throws<FormatException>(() => RedisConnectionOptions.Parse(text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_password_is_not_shown()
        => Assert.DoesNotContain("geheim", RedisConnectionOptions.Parse("cache,user=a,password=geheim").ToString(), StringComparison.Ordinal);
}
