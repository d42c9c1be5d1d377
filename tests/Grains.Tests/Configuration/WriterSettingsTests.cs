namespace OrleansCache.Tests;

/// <summary>What makes a method a writer, and what it must not have then.</summary>
public class WriterSettingsTests
{
    private const string Methods = "OrleansCache:Integrations:partner:Methods";

    private const string Whole = """
        { "OrleansCache": { "Integrations": { "partner": { "BaseAddress": "http://localhost:8899/", "Methods": {
            "order": { "Get": "orders/{id}?lang={lang?}", "FreshFor": "00:00:30", "Tags": [ "order:{id}" ] },
            "setOrder": { "Put": "orders/{id}?note={note?}", "Writes": "order", "Invalidates": [ "user:{note}", "orders" ] },
            "dropOrder": { "Delete": "orders/{id}", "Writes": "order" },
            "addOrder": { "Post": "orders", "Invalidates": [ "orders" ] } } } } } }
        """;

    [Fact]
    public void A_writer_stores_the_answer_unless_it_deletes_and_may_repeat_what_HTTP_lets_repeat()
    {
        var (settings, errors) = CacheSettingsTests.Read(Whole);

        Assert.Empty(errors);
        var methods = settings.Integrations["partner"].Methods;
        Assert.Null(methods["order"].Writer);
        Assert.Equal(("PUT", "order", AfterWrite.Store, true), Of(methods["setOrder"]));
        Assert.Equal(("DELETE", "order", AfterWrite.Remove, true), Of(methods["dropOrder"]));
        Assert.Equal(("POST", null, AfterWrite.Store, false), Of(methods["addOrder"]));
        Assert.Equal(["user:{note}", "orders"], methods["setOrder"].Writer!.Invalidates.Select(tag => tag.Text));

        static (string, string?, AfterWrite, bool) Of(IntegrationMethod method) =>
            (method.Writer!.Verbs, method.Writer.Reader?.Name, method.Writer.AfterWrite, method.Writer.IsIdempotent);
    }

    [Theory]
    [InlineData("setOrder:Writes", "ordr", $"{Methods}:setOrder:Writes is 'ordr': the integration has no method of that name that reads; did you mean 'order'?")]
    [InlineData("setOrder:Writes", "dropOrder", $"{Methods}:setOrder:Writes is 'dropOrder': the integration has no method of that name that reads; known are order.")]
    [InlineData("addOrder:Writes", "order", $"{Methods}:addOrder:Writes is 'order': its entries are told apart by 'id', which is no argument that this method must have; add it, or leave Writes out and name tags in Invalidates.")]
    [InlineData("setOrder:Put", "orders?id={id?}&note={note?}", $"{Methods}:setOrder:Writes is 'order': its entries are told apart by 'id', which is no argument that this method must have; add it, or leave Writes out and name tags in Invalidates.")]
    [InlineData("setOrder:Invalidates:0", "user:{not}", $"{Methods}:setOrder:Invalidates:0 is 'user:{{not}}': the method has no argument 'not'; did you mean 'note'?")]
    [InlineData("setOrder:AfterWrite", "Stor", $"{Methods}:setOrder:AfterWrite is 'Stor': write one of Store, Remove; did you mean 'Store'?")]
    [InlineData("addOrder:AfterWrite", "Remove", $"{Methods}:addOrder:AfterWrite is 'Remove': it tells what becomes of an entry; set Writes to the method whose entry it is, or leave it out.")]
    [InlineData("order:AfterWrite", "Store", $"{Methods}:order:AfterWrite is 'Store': it is for a method that writes; set Writes or Invalidates too, or leave it out.")]
    [InlineData("order:Idempotent", "true", $"{Methods}:order:Idempotent is 'True': it is for a method that writes; set Writes or Invalidates too, or leave it out.")]
    [InlineData("list:Get|list:Invalidates:0", "orders", $"{Methods}:list:Get is 'orders': a GET changes nothing at the origin, and Invalidates is for what does; set Put, Post, Patch or Delete, or leave that out.")]
    [InlineData("setOrder:FreshFor", "00:01:00", $"{Methods}:setOrder:FreshFor is '00:01:00': this method writes and has no entries of its own; set it for 'order', or leave it out.")]
    [InlineData("addOrder:Tags:0", "x", $"{Methods}:addOrder:Tags is 'x': this method writes and has no entries of its own; set it for the method that reads, or leave it out.")]
    [InlineData("setOrder:Many:Max", "20", $"{Methods}:setOrder:Many is '20': this method writes and has no entries of its own; set it for 'order', or leave it out.")]
    [InlineData("addOrder:Many:Get", "orders?ids={id}", $"{Methods}:addOrder:Many is 'orders?ids={{id}}': this method writes and has no entries of its own; set it for the method that reads, or leave it out.")]
    public void A_wrong_setting_of_a_writer_is_named_with_its_path_its_value_and_the_way_out(string keys, string value, string error)
    {
        var (_, errors) = CacheSettingsTests.Read(Whole, [.. keys.Split('|').Select(key => ($"Methods:{key}", value))]);

        Assert.Equal(error, Assert.Single(errors));
    }
}
